"""What the gates say together, in one sentence."""

import math
from dataclasses import dataclass, replace

import pytest

from model_promotion.core.finding import Verdict
from model_promotion.core.gate import Comparison, GateRule, Judged, Measured, judge_all
from model_promotion.core.metrics import Direction
from model_promotion.core.rescoring import Picked
from model_promotion.evidence.slices import judge_slices
from model_promotion.evidence.spread import nothing_known
from model_promotion.evidence.tables import Question, Task
from model_promotion.evidence.telling import alone, also, finding, told, unfit

BINARY = Question(Task.BINARY, ("no", "yes"))


@dataclass(frozen=True)
class Counts:
    rows: int = 5000
    unlabelled: int = 0
    unanswered: tuple[int, int] = (0, 0)
    foreign: tuple[float, float] = (0.0, 0.0)


def judged(**changes: float) -> tuple[Judged, ...]:
    """Each metric's change, known to 0.005 either way, against a margin of 0.01."""
    measured = {
        name: (
            Measured(
                change,
                5000,
                "made up",
                lambda _alpha, change=change: (change - 0.005, change + 0.005),
                facts={"champion": 0.9, "candidate": 0.9 + change, "seed": 7},
            ),
            GateRule(Direction.HIGHER, margin=0.01),
        )
        for name, change in changes.items()
    }
    return judge_all(Comparison(measured))


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        ({"f1": 0.0, "recall": 0.01}, Verdict.PASSED, "f1, recall: no worse within the margin, on 5,000 rows"),
        ({"f1": 0.0, "recall": -0.05}, Verdict.FAILED, "recall got worse, on 5,000 rows"),
        ({"f1": 0.0, "recall": -0.008}, Verdict.UNKNOWN, "recall cannot be told on 5,000 rows: the gain lies between"),
        ({"f1": -0.008, "recall": -0.05}, Verdict.FAILED, "recall got worse"),
    ],
)
def test_one_that_failed_outweighs_one_that_is_not_sure_and_that_one_outweighs_those_that_passed(
    changes: dict[str, float], verdict: Verdict, said: str
) -> None:
    found = finding(judged(**changes), Counts(), {})
    assert found.verdict is verdict
    assert found.sentence.startswith(said)
    assert bool(found.hint) is (verdict is not Verdict.PASSED)


def test_a_gain_that_is_smaller_than_asked_for_is_no_loss() -> None:
    surely = Measured(0.001, 5000, "made up", lambda _alpha: (0.0005, 0.0015), facts={"champion": 0.9})
    asked = {"f1": (surely, GateRule(Direction.HIGHER, min_gain=0.01)), "recall": (surely, GateRule(Direction.HIGHER))}
    found = finding(judge_all(Comparison(asked)), Counts(), {})
    assert found.sentence.startswith("f1 did not gain what was asked for, on 5,000 rows")


def test_every_metric_has_its_row_and_says_what_it_may_lose() -> None:
    found = finding(judged(f1=0.0), Counts(), {})
    assert found.table
    assert found.table.rows == [
        ("f1", "0.9000", "0.9000", "+0.0000", "[-0.0050, +0.0050]", "0.01", "passed"),
    ]


def test_rows_that_were_left_out_are_said() -> None:
    found = finding(judged(f1=0.0), Counts(unlabelled=1200, unanswered=(3, 0)), {})
    assert "1,200 without a truth left out, 3 without an answer left out" in found.sentence


def test_a_slice_that_surely_lost_fails_a_whole_that_did_not() -> None:
    rule = GateRule(Direction.HIGHER, margin=0.01)

    def told(change: float) -> Measured:
        return Measured(change, 500, "made up", lambda _alpha: (change - 0.005, change + 0.005))

    slices = judge_slices({"region=north": told(-0.2), "region=south": told(0.0)}, rule)
    found = finding(judged(f1=0.0), Counts(), {}, slices)
    assert (found.verdict, found.sentence) == (Verdict.FAILED, "got worse for region=north (1 of 2 slices)")
    calm = judge_slices({"region=south": told(0.0), "region=west": told(-0.009)}, rule)
    said = "; none of 2 slices surely worse, 1 of them cannot be told"
    assert finding(judged(f1=0.0), Counts(), {}, calm).sentence.endswith(said)


def test_every_slice_that_surely_lost_is_shown_and_of_very_many_the_rest_is_counted() -> None:
    def told(change: float) -> Measured:
        return Measured(change, 500, "made up", lambda _alpha: (change - 0.005, change + 0.005))

    rule = GateRule(Direction.HIGHER, margin=0.01)
    slices = judge_slices({f"shop={number:02}": told(-0.1 - number / 100) for number in range(30)}, rule)
    found = finding(judged(f1=0.0), Counts(), {}, slices)
    worst = ", ".join(f"shop={number}" for number in (29, 28, 27, 26, 25))
    assert found.sentence == f"got worse for {worst} and 25 more (30 of 30 slices)"
    assert found.table
    assert [row[0] for row in found.table.rows] == ["f1", *(f"shop={number}" for number in range(29, 9, -1))]


def test_what_is_no_number_is_shown_as_unknown() -> None:
    nothing = Measured(math.nan, 5000, "made up", nothing_known, "a sum is no number", {"champion": math.nan})
    judgement = judge_all(Comparison({"f1": (nothing, GateRule(Direction.HIGHER, margin=0.01))}))
    found = finding(judgement, Counts(), {})
    assert found.table
    assert found.table.rows == [("f1", "-", "-", "-", "not known", "0.01", "inconclusive")]
    alone_ = alone({"f1": 0.9, "roc_auc": math.nan}, Counts(), {})
    assert (alone_.verdict, alone_.sentence.endswith("f1 0.9, roc_auc is not defined")) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize(
    ("counts", "verdict", "said"),
    [
        (Counts(unanswered=(0, 1)), Verdict.FAILED, "v2 gave no usable answer on 1 row (NaN, infinite or none)"),
        (Counts(unanswered=(90, 0)), Verdict.UNKNOWN, "v1 gave no usable answer on 90 rows"),
        (Counts(rows=29), Verdict.UNKNOWN, "29 rows with a truth are fewer than 30"),
        (
            Counts(foreign=(0.0, 0.9)),
            Verdict.FAILED,
            "90% of v2's answers are none of the classes in the data (no, yes)",
        ),
        (Counts(foreign=(0.9, 0.0)), Verdict.UNKNOWN, "there is nothing to compare with, 90% of v1's answers are"),
        (Counts(rows=0), Verdict.UNKNOWN, "no row has both a truth and two answers"),
        (Counts(rows=10, unlabelled=11), Verdict.UNKNOWN, "11 of 21 rows have no truth"),
    ],
)
def test_rows_on_which_nothing_can_be_judged_never_pass(counts: Counts, verdict: Verdict, said: str) -> None:
    found = unfit(counts, "v1", "v2", BINARY)
    assert found
    assert (found[0], found[1].startswith(said)) == (verdict, True)


def test_where_every_row_weighs_nothing_that_is_the_reason() -> None:
    found = unfit(Counts(rows=0), "v1", "v2", replace(BINARY, weighted=True))
    assert found == (Verdict.UNKNOWN, "no row has a truth, two answers and a weight above 0")


def test_a_champion_that_gave_no_answer_is_not_held_against_the_candidate() -> None:
    assert unfit(Counts(unanswered=(5, 0)), "v1", "v2", BINARY) is None


def test_what_is_kept_repeats_the_computation() -> None:
    kept = told(judged(f1=-0.008)[0])
    assert kept["verdict"] == "inconclusive"
    assert kept["rows_needed"] > 5000
    assert {"method", "n", "margin", "low", "high", "low_alpha", "champion", "candidate", "seed"} <= kept.keys()


def test_what_it_was_chosen_by_is_said_beside() -> None:
    passed = finding(judged(f1=0.0), Counts(), {})
    assert also(passed, None) is passed
    chosen = Picked("f1", 0.97, "its run", 3, again=0.9, same_rows=False)
    assert also(passed, chosen).sentence.endswith(f"; {chosen.sentence}")


def test_without_a_champion_the_candidates_own_values_are_told() -> None:
    said = "there is no champion to compare with; on 5,000 rows: f1 0.9, recall 0.8"
    assert alone({"f1": 0.9, "recall": 0.8}, Counts(), {}).sentence == said
