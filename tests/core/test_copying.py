"""What a copy takes along, and what not."""

import pytest

from model_promotion.core.copying import COPY_TAG, ORIGIN_TAG, Copy, inherited, is_copy, may_be_copy
from model_promotion.core.entities import Version

COPY = Copy("staging.ml.churn", "7", "prod.ml.churn", "0123456789ab")
NOT_TAKEN = {
    "promotion_hold": "rolled back",
    "promotion_origin": "dev.ml.churn/3",
    "approval_legal": "Approved",
    "Approval_Check": "yes",
    "approval": "x",
    "Legal_Gate": "Approved",
    "gate": " APPROVED ",
}


@pytest.mark.parametrize(("key", "value"), NOT_TAKEN.items())
def test_what_was_said_about_the_source_is_not_said_about_the_copy(key: str, value: str) -> None:
    assert inherited({key: value, "semver": "1.2.0"}) == {"semver": "1.2.0"}


def test_a_copy_says_where_it_came_from_and_which_copy_it_is() -> None:
    tags = COPY.tags({"semver": "1.2.0", ORIGIN_TAG: "dev.ml.churn/3"})
    assert tags == {"semver": "1.2.0", ORIGIN_TAG: "staging.ml.churn/7", COPY_TAG: "0123456789ab"}
    assert COPY.address == "models:/staging.ml.churn/7"
    source = Version("staging.ml.churn", "7")
    assert is_copy(Version("prod.ml.churn", "1", tags=tags), source)
    assert not is_copy(Version("prod.ml.churn", "1"), source)


@pytest.mark.parametrize(
    ("run_id", "created_at", "may"),
    [("run", 20.0, True), ("", 20.0, True), ("run", 0.0, True), ("another", 20.0, False), ("run", 5.0, False)],
)
def test_what_has_another_run_or_is_older_than_the_source_is_no_copy_of_it(
    run_id: str, created_at: float, may: bool
) -> None:
    source = Version("staging.ml.churn", "7", run_id="run", created_at=10.0)
    copy = Version("prod.ml.churn", "1", run_id=run_id, created_at=created_at, tags=COPY.tags({}))
    assert (may_be_copy(copy, source), is_copy(copy, source)) == (may, may)
