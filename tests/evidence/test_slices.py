"""Slices: one that got worse is found, and looking at many does not find what is not there."""

import math

import pytest
from scipy import stats

from model_promotion.core.gate import GateRule, GateVerdict, Measured
from model_promotion.core.metrics import Direction
from model_promotion.evidence.proportions import Discordance, paired_proportions
from model_promotion.evidence.slices import Slices, judge_slices

RULE = GateRule(Direction.HIGHER, 0.05)


def same(n: int) -> Measured:
    return paired_proportions(Discordance(n, n // 2, n // 20, n // 20))


def worse(n: int) -> Measured:
    return paired_proportions(Discordance(n, n // 2, n // 5, n // 20))


def named(found: Slices) -> list[str]:
    return [one.metric for one in found.failed]


def test_one_bad_slice_is_found_and_named() -> None:
    found = judge_slices({"de": same(2000), "fr": worse(2000), "it": same(2000)}, RULE)
    assert (found.verdict, named(found)) == (GateVerdict.FAILED, ["fr"])


def test_all_that_got_worse_are_named_and_the_worst_is_the_first() -> None:
    much = paired_proportions(Discordance(2000, 1000, 800, 20))
    found = judge_slices({"de": same(2000), "fr": worse(2000), "it": much}, RULE)
    assert named(found) == ["it", "fr"]


def test_all_good_slices_pass_together() -> None:
    found = judge_slices({"de": same(2000), "fr": same(3000)}, RULE)
    assert (found.verdict, found.failed, found.inconclusive) == (GateVerdict.PASSED, (), ())


def test_a_small_slice_is_inconclusive_and_not_failed() -> None:
    found = judge_slices({"de": same(2000), "li": worse(20)}, RULE)
    assert (found.verdict, found.inconclusive, found.failed) == (GateVerdict.INCONCLUSIVE, ("li",), ())


def test_more_slices_ask_for_more_evidence() -> None:
    p = stats.norm.cdf
    measured = Measured(
        -0.07, 500, "normal", lambda alpha: (-0.07 - 0.01 * stats.norm.isf(alpha), -0.07 + 0.01 * stats.norm.isf(alpha))
    )
    assert p(-2) < 0.05
    assert named(judge_slices({"a": measured}, RULE)) == ["a"]
    many = {"a": measured, **{str(number): same(5000) for number in range(9)}}
    assert judge_slices(many, RULE).failed == ()


def test_nothing_to_look_at() -> None:
    with pytest.raises(ValueError, match="no slice"):
        judge_slices({}, RULE)
    unknown = Measured(math.nan, 0, "none", lambda _alpha: (math.nan, math.nan), "no rows")
    assert judge_slices({"a": unknown}, RULE).verdict is GateVerdict.INCONCLUSIVE
