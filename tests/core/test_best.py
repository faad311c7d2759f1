"""The choice among many, as a table."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.best import CAUTION, Contender, choose, contenders, tagged_score
from model_promotion.core.entities import Listed, RegisteredModel, Version
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.metrics import Direction
from model_promotion.core.wanted import Wanted

HELD = {HOLD_TAG: "rolled back from @champion"}


def one(number: str, score: float | None = None, **parts: Any) -> Contender:
    in_place = parts.pop("in_place", False)
    return Contender(Version("m", number, created_at=float(number), **parts), in_place, score, "its tags")


def listed(name: str, *versions: Version, **aliases: str) -> Listed:
    return Listed(RegisteredModel(name, aliases), versions)


TABLE: dict[str, tuple[list[Contender], str, str | None, str]] = {
    "the only one with the tag": ([one("1")], "", "1", "m v1 is the only one"),
    "several with the tag and no metric": ([one("1"), one("2")], "", None, "2 of them, and nothing ranks them"),
    "nobody": ([], "", None, "there is none"),
    "the highest": ([one("1", 0.9), one("2", 0.8)], "roc_auc", "1", "0.9 (its tags) is the highest of 2"),
    "the lowest": ([one("1", 0.9), one("2", 0.8)], "rmse", "2", "is the lowest of 2"),
    "a tie: the newest": ([one("1", 0.9), one("2", 0.9)], "roc_auc", "2", "as is that of m v1: m v2 is the newest"),
    "a tie: in place": ([one("1", 0.9, in_place=True), one("2", 0.9)], "roc_auc", "1", "m v1 is already in place"),
    "a tie but for rounding": ([one("1", 0.1 + 0.2), one("2", 0.3)], "roc_auc", "2", "is the newest"),
    "NaN never wins": ([one("1", math.nan), one("2", 0.1)], "roc_auc", "2", "is the highest of 1"),
    "infinity never wins": ([one("1", math.inf), one("2", 0.1)], "roc_auc", "2", "is the highest of 1"),
    "a loss of minus infinity never wins": ([one("1", -math.inf), one("2", 0.1)], "rmse", "2", "is the lowest of 1"),
    "without a score": ([one("1"), one("2", 0.1)], "roc_auc", "2", "is the highest of 1"),
    "held": ([one("1", 0.9, tags=HELD), one("2", 0.1)], "roc_auc", "2", "is the highest of 1"),
    "held, without a metric": ([one("1", tags=HELD), one("2")], "", "2", "m v2 is the only one"),
    "held, and nobody else": ([one("1", 0.9, tags=HELD)], "roc_auc", None, "none of them may win"),
    "not ready": ([one("1", 0.9, status="PENDING_REGISTRATION"), one("2", 0.1)], "roc_auc", "2", "highest of 1"),
    "nobody that may win": ([one("1", math.nan), one("2")], "roc_auc", None, "none of them may win"),
}


@pytest.mark.parametrize(("found", "metric", "number", "because"), TABLE.values(), ids=TABLE.keys())
def test_the_winner_and_why(found: list[Contender], metric: str, number: str | None, because: str) -> None:
    choice = choose(found, metric, Direction.LOWER if metric == "rmse" else Direction.HIGHER)
    assert (choice.winner.version.number if choice.winner else None) == number
    assert because in choice.because


def test_by_force_a_hold_bars_nobody_and_nothing_else_is_forgiven() -> None:
    found = [one("1", 0.9, tags=HELD), one("2", 0.1), one("3", math.nan, tags=HELD)]
    choice = choose(found, "roc_auc", force=True)
    assert (choice.winner, choice.compared, [*choice.passed_over]) == (found[0], 2, ["m v3"])
    assert choose(found, "roc_auc").held == ()
    assert choose([found[0], found[2]], "roc_auc").held == (found[0],)


def test_who_cannot_win_is_counted_and_named_with_the_reason() -> None:
    barred = [one("1", tags=HELD), one("2", math.nan), one("3"), one("4", status="PENDING_REGISTRATION")]
    choice = choose([*barred, one("5", 0.5)], "f1")
    assert choice.left_out == (
        "4 cannot win: m v1 is held: rolled back from @champion; m v2 has a f1 that is not a number; m v3 has no f1; "
        "m v4 is PENDING_REGISTRATION, not READY"
    )
    assert (choice.compared, choice.evidence["passed_over"]) == (1, 4)
    many = choose([one(str(number)) for number in range(1, 21)], "f1")
    assert many.left_out.startswith("20 cannot win: ")
    assert many.left_out.endswith("(and 12 more)")


@pytest.mark.parametrize(("count", "said"), [(1, ""), (2, CAUTION)])
def test_the_winner_of_many_is_recorded_with_how_many_they_were(count: int, said: str) -> None:
    evidence = choose([one(str(number), 0.5) for number in range(1, count + 1)], "f1").evidence
    assert (evidence["compared"], evidence["caution"]) == (count, said)


@given(st.lists(st.floats() | st.none(), max_size=6))
def test_a_winner_has_a_finite_score_that_nobody_beats(scores: list[float | None]) -> None:
    found = [one(str(number), score) for number, score in enumerate(scores, start=1)]
    choice = choose(found, "f1")
    finite = [score for score in scores if score is not None and math.isfinite(score)]
    assert (choice.winner is not None) is bool(finite)
    if choice.winner and choice.winner.score is not None:
        assert choice.winner.score == pytest.approx(max(finite), rel=1e-8)


TAGGED, PLAIN = Version("a", "2", tags={"best_model": "True"}), Version("b", "1")
CANDIDATES: dict[str, tuple[Wanted, list[Version], list[str]]] = {
    "the tag, however True is spelled": (Wanted(), [TAGGED, PLAIN], ["a v2"]),
    "the tag, and a metric": (Wanted(metric="f1"), [TAGGED, PLAIN], ["a v2"]),
    "no tag anywhere, and a metric": (Wanted(metric="f1"), [PLAIN], ["b v1"]),
    "no tag anywhere, and no metric": (Wanted(), [PLAIN], []),
    "the usual tag, but named, that nothing has, and a metric": (Wanted(("best_model", "true"), "f1"), [PLAIN], []),
    "another tag that nothing has, and a metric": (Wanted(("stage", "final"), "f1"), [TAGGED, PLAIN], []),
    "another tag": (Wanted(("stage", "final")), [replace(PLAIN, tags={"stage": "final"}), TAGGED], ["b v1"]),
}


@pytest.mark.parametrize(("wanted", "versions", "labels"), CANDIDATES.values(), ids=CANDIDATES.keys())
def test_the_candidates_are_those_with_the_tag_else_all(
    wanted: Wanted, versions: list[Version], labels: list[str]
) -> None:
    found = contenders([listed(version.model, version) for version in versions], wanted, "champion")
    assert [one.label for one in found] == labels


def test_the_one_in_place_is_known_by_alias_and_by_stage() -> None:
    both = listed("a", replace(TAGGED, stage="Production"), champion="2")
    assert [contenders([both], Wanted(), at)[0].in_place for at in ("champion", "stage:Production", "staging")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("parts", "score"),
    [
        ({"tags": {"f1": "0.4"}}, (0.4, "its tags")),
        ({"tags": {"f2": "0.4"}}, None),
    ],
)
def test_a_score_may_stand_in_a_tag(parts: dict[str, Any], score: tuple[float, str] | None) -> None:
    assert tagged_score(Version("m", "1", **parts), "f1") == score


def test_a_tag_that_is_no_number_is_no_score() -> None:
    found = tagged_score(Version("m", "1", tags={"f1": "good"}), "f1")
    assert found is not None
    assert math.isnan(found[0])
