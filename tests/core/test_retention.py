"""What may be deleted, as a table: everything else stays."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.entities import Endpoint, Listed, RegisteredModel, Version
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.record import Line, Moved
from model_promotion.core.retention import DAY_S, Limits, Needs, going, kept_because, ways_back

NOW = 1000 * DAY_S
LIMITS = Limits(2, 365 * DAY_S)
SERVES = Endpoint("churn-api", {"1": 0}, ready=True, updating=False, state="READY")
OTHER = Endpoint("churn-api", {"5": 100}, ready=True, updating=False, state="READY")


def v(number: str, days: float = 400, **parts: Any) -> Version:
    return Version("m", number, created_at=NOW - days * DAY_S, **parts)


def after(first: Version, model: RegisteredModel = RegisteredModel("m"), needs: Needs = Needs()) -> str:  # noqa: B008
    """Why version 1, which four newer ones follow, stays."""
    listed = Listed(model, (*map(v, "5432"), first))
    return kept_because(listed, LIMITS, needs, NOW).get("1", "")


TABLE: dict[str, tuple[str, str]] = {
    "old, and nothing needs it": (after(v("1")), ""),
    "in stage Archived": (after(v("1", stage="Archived")), ""),
    "an approval is no need": (after(v("1", tags={"approval_risk": "yes"})), ""),
    "behind an alias": (after(v("1"), RegisteredModel("m", {"champion": "1"})), "@champion is on it"),
    "behind the backup": (after(v("1"), RegisteredModel("m", {"prev_champion": "1"})), "@prev_champion is on it"),
    "in stage Production": (after(v("1", stage="Production")), "it is in stage Production"),
    "in stage Staging": (after(v("1", stage="Staging")), "it is in stage Staging"),
    "held": (after(v("1", tags={HOLD_TAG: "rolled back"})), "it is held: rolled back"),
    "served, if only with no traffic": (after(v("1"), needs=Needs(endpoints=(SERVES,))), "churn-api serves it"),
    "another one is served": (after(v("1"), needs=Needs(endpoints=(OTHER,))), ""),
    "on the way back": (after(v("1"), needs=Needs({"champion": ("1", "4")})), "a rollback of @champion may go to it"),
    "on the way back of a stage": (after(v("1"), needs=Needs({"stage:Production": ("1",)})), "of stage Production"),
    "young": (after(v("1", 364)), "it is 364.0 days old"),
    "just as old as it must be": (after(v("1", 365)), "it is 365.0 days old"),
    "of an unknown age": (after(Version("m", "1")), "its age is not known"),
    "from the future": (after(v("1", -3)), "it is 0.0 days old"),
}


@pytest.mark.parametrize(("why", "expected"), TABLE.values(), ids=TABLE.keys())
def test_a_version_goes_only_when_nothing_needs_it(why: str, expected: str) -> None:
    assert (expected in why, bool(why)) == (True, bool(expected))


def test_the_newest_stay_however_old_and_the_oldest_go_first() -> None:
    listed = Listed(RegisteredModel("m"), tuple(v(str(number)) for number in (9, 10, 11, 1, 2)))
    kept = kept_because(listed, LIMITS, Needs(), NOW)
    assert sorted(kept) == ["10", "11"]
    assert [version.number for version in going(listed, kept)] == ["1", "2", "9"]


def test_the_limits_are_told_as_they_were_typed() -> None:
    told = "the newest 2 stay, and whatever is not older than"
    assert [Limits(2, limit_s).told for limit_s in (365 * DAY_S, 1.0)] == [f"{told} 365d", f"{told} 1s"]


def test_every_reason_is_told() -> None:
    needed = after(v("1", 3, tags={HOLD_TAG: "x"}), RegisteredModel("m", {"a": "1"}))
    assert needed == "@a is on it; it is held: x; it is 3.0 days old"


def line(number: int, kind: str, alias: str, was: str | None, to: str | None) -> Line:
    return Line(number, kind, alias, was, to, float(number), "ada")


def test_the_way_back_of_each_alias_comes_from_its_records() -> None:
    records = [
        line(1, "promote", "champion", "1", "2"),
        line(2, "promote", "staging", None, "4"),
        line(3, "promote", "champion", "2", "3"),
        line(4, "rollback", "champion", "3", "2"),
        line(5, "release", "", "3", "3"),
        line(6, "cleanup", "", None, None),
        replace(line(7, "promote", "stage:Production", "1", "2"), along=(Moved("production", "3", "2"),)),
    ]
    assert ways_back(records) == {
        "champion": ("1", "2"),
        "staging": ("4",),
        "stage:Production": ("1", "2"),
        "production": ("3", "2"),
    }


@given(
    st.lists(
        st.tuples(st.integers(0, 800), st.sampled_from(["None", "Staging", "Production", "Archived"])), max_size=9
    ),
    st.dictionaries(st.sampled_from("abc"), st.integers(1, 9).map(str)),
    st.integers(0, 9),
)
def test_what_goes_stands_nowhere_and_enough_is_left(
    versions: list[tuple[int, str]], aliases: dict[str, str], keep: int
) -> None:
    made = tuple(v(str(number), days, stage=stage) for number, (days, stage) in enumerate(versions, start=1))
    listed = Listed(RegisteredModel("m", aliases), made)
    gone = going(listed, kept_because(listed, Limits(keep, 365 * DAY_S), Needs(), NOW))
    assert not {version.number for version in gone} & set(aliases.values())
    assert not {version.stage for version in gone} & {"Staging", "Production"}
    assert len(made) - len(gone) >= min(keep, len(made))
