"""What cannot work together is told before anything is asked, whoever said which half."""

from typing import Any

import pytest

from model_promotion.core.data_options import check_data_options
from model_promotion.core.dataset import Dataset
from model_promotion.core.errors import BadCall
from model_promotion.core.policy import EvidencePolicy, Policy, WatchPolicy
from model_promotion.core.request import Mode, Request

ON = Dataset("rows.parquet", "sold")
USUAL, NAMED = Policy(), Policy(evidence=EvidencePolicy(data="rows.parquet", target="sold"))


def check(policy: Policy | None, **options: Any) -> None:
    check_data_options(Request(**{"mode": Mode.CHECK, **options}), policy)


@pytest.mark.parametrize("policy", [None, USUAL, NAMED], ids=["not read yet", "usual", "names data"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"eval_data": ON, "engine": "spark", "env_manager": "uv"}, "--engine spark does not go with --env-manager uv"),
        ({"eval_data": ON, "engine": "warehouse"}, "a SQL warehouse runs no models"),
        ({"eval_data": Dataset("rows.parquet", "sold", group="sold")}, "sold cannot be the target and something else"),
    ],
)
def test_two_options_contradict_each_other(policy: Policy | None, options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadCall, match=said):
        check(policy, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"engine": "spark", "env_manager": "uv"}, "--engine spark does not go with --env-manager uv"),
        ({"engine": "warehouse", "current_data": "a.b.c"}, "compares none on rows.parquet"),
        ({"eval_data": Dataset(group="sold")}, "sold cannot be the target and something else"),
    ],
)
def test_an_option_contradicts_the_policy(options: dict[str, Any], said: str) -> None:
    check(None, **options)
    with pytest.raises(BadCall, match=said):
        check(NAMED, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"engine": "spark"}, "--engine spark counts the rows of data, and none are named"),
        ({"engine": "warehouse"}, "--engine warehouse counts the rows of data, and none are named"),
        ({"eval_data": Dataset(weight="w")}, "--weight is about the rows of --eval-data, and none are named"),
        ({"eval_data": Dataset("rows.parquet")}, "which column of rows.parquet is the truth?"),
    ],
)
def test_an_option_is_about_data_that_nobody_named(options: dict[str, Any], said: str) -> None:
    check(None, **options)
    with pytest.raises(BadCall, match=said):
        check(USUAL, **options)


def test_what_is_no_table_is_told_before_a_warehouse_is_asked() -> None:
    with pytest.raises(BadCall, match=r"now\.parquet is no table of Unity Catalog"):
        check(None, engine="warehouse", reference_data="a.b.c", current_data="now.parquet")


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (USUAL, {}),
        (USUAL, {"engine": "spark", "current_data": "a.b.c", "env_manager": "uv", "run_tests": True}),
        (USUAL, {"engine": "warehouse", "reference_data": "a.b.c"}),
        (USUAL, {"eval_data": ON, "env_manager": "uv"}),
        (NAMED, {"engine": "spark"}),
        (NAMED, {"eval_data": Dataset(group="user")}),
        (Policy(watch=WatchPolicy(current_data="a.b.c")), {"engine": "spark", "watch_s": 60.0}),
        (NAMED, {"mode": Mode.ROLLBACK, "engine": "warehouse"}),
    ],
)
def test_what_works_together_is_let_through(policy: Policy, options: dict[str, Any]) -> None:
    check(policy, **options)
