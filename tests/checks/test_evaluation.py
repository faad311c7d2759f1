"""What is said of two models' answers to the same rows: which is at fault, what is sliced by, what is computed."""

import pytest

from model_promotion.checks import evaluation
from model_promotion.checks._measuring import gathered
from model_promotion.core.better import Goal
from model_promotion.core.finding import Verdict
from model_promotion.core.policy import CheckPolicy, EvidencePolicy, MetricPolicy, Policy
from model_promotion.core.scores import NoAnswerError
from tests.checks.measured import ON, data, judged, said, scene_of, sliced
from tests.worlds import a_witness

GOOD, GOOD_TOO = said(0.9, seed=1), said(0.95, seed=2)


def test_the_rows_are_scored_once_however_many_ask() -> None:
    given = data(GOOD, GOOD_TOO)
    with a_witness(scene_of(given), eval_data=ON) as witness:
        found = evaluation.ask(witness)
        again = gathered(witness)
    assert found
    assert (found.verdict, len(given.asked)) == (Verdict.PASSED, 1)
    assert again.values["accuracy"] == found.facts["metrics"][0]["candidate"]


def test_what_is_bounded_or_sliced_by_is_measured_though_it_does_not_decide() -> None:
    policy = Policy(metrics={"recall": MetricPolicy(minimum=0.5)}, evidence=EvidencePolicy(metrics=("f1",)))
    with a_witness(scene_of(data(GOOD, GOOD_TOO), policy=policy), eval_data=ON) as witness:
        evidence = gathered(witness)
    assert ([*evidence.measured], {*evidence.every}) == (["f1"], {"f1", "recall", "accuracy"})


def test_texts_with_few_values_are_sliced_by_and_those_that_have_none_are_a_slice() -> None:
    levels = {"region": ("north", "(null)"), "street": tuple(map(str, range(51))), "sold": ("no", "yes")}
    given = data(GOOD, GOOD_TOO, of_levels=levels)
    judged(given)
    assert given.asked[0][0].slices == {"region": ("north", "(null)")}


LOST = (0.9, 3, 0.7)


@pytest.mark.parametrize(
    ("champion", "candidate", "verdict", "sentence"),
    [
        (LOST, (0.9, 1), Verdict.UNKNOWN, "there is nothing to compare with, 71% of v1's answers are none of"),
        ((0.9, 1), LOST, Verdict.FAILED, "71% of v2's answers are none of the classes in the data (no, yes)"),
        (LOST, LOST, Verdict.FAILED, "71% of v2's answers are none of the classes in the data (no, yes)"),
    ],
)
def test_a_champion_of_other_classes_is_nothing_to_compare_with_and_a_candidate_of_other_classes_fails(
    champion: tuple[float, ...], candidate: tuple[float, ...], verdict: Verdict, sentence: str
) -> None:
    found = judged(data(said(*champion), said(*candidate)))  # type: ignore[arg-type]
    assert (found.verdict, found.sentence.startswith(sentence)) == (verdict, True), found.sentence


@pytest.mark.parametrize(("who", "verdict"), [("v1", Verdict.UNKNOWN), ("v2", Verdict.FAILED)])
def test_who_knows_none_of_the_classes_is_told_by_its_role(who: str, verdict: Verdict) -> None:
    silence = NoAnswerError(f"{who}: cannot answer: knows none of the classes ['no', 'yes'], but ['low', 'high']")
    found = judged(data(GOOD, GOOD_TOO, failure=silence))
    assert found.verdict is verdict
    assert found.sentence.startswith("there is nothing to compare with, v1:") is (who == "v1")


@pytest.mark.parametrize(("number", "verdict"), [("1", Verdict.UNKNOWN), ("2", Verdict.FAILED)])
def test_who_has_a_signature_that_makes_no_sense_is_told_by_its_role(number: str, verdict: Verdict) -> None:
    scene = scene_of(data(GOOD, GOOD_TOO))
    scene.registry.metadata_of[number] = {"signature": {"inputs": "[{"}}
    found = judged(data(GOOD, GOOD_TOO), scene=scene)
    assert (found.verdict, "its signature makes no sense" in found.sentence) == (verdict, True), found.sentence


def test_a_gain_that_is_asked_of_the_whole_is_not_asked_of_every_slice() -> None:
    policy = Policy(metrics={"accuracy": MetricPolicy(must_gain=0.01)}, evidence=EvidencePolicy(metrics=("accuracy",)))
    given = sliced(said(0.9, seed=1), said(0.97, seed=2), same_in="b")
    found = judged(given, scene=scene_of(given, policy=policy))
    assert found.verdict is Verdict.PASSED, found.sentence


CHOSEN = {"metric": "accuracy", "score": 0.97, "found_in": "its run", "compared": 3}


def test_the_best_of_many_is_scored_again_and_nothing_is_divided_as_nobody_chose_by_these_rows() -> None:
    found = judged(data(GOOD, GOOD_TOO), chosen=CHOSEN)
    assert "; chosen by accuracy 0.97 (its run), the best of 3 recorded; on these rows it is 0.9" in found.sentence
    assert found.facts["metrics"][0]["low_alpha"] == 0.05
    assert found.facts["chosen"].again == found.facts["metrics"][0]["candidate"]


def test_where_it_was_chosen_on_these_very_rows_alpha_is_divided() -> None:
    value = judged(data(GOOD, GOOD_TOO)).facts["metrics"][0]["candidate"]
    found = judged(data(GOOD, GOOD_TOO), chosen={**CHOSEN, "score": value})
    assert found.facts["metrics"][0]["low_alpha"] == pytest.approx(0.05 / 3)
    assert "computed on these very rows: alpha is divided by 3" in found.sentence


def test_without_a_champion_the_best_of_many_is_told_as_it_is_here() -> None:
    given = data(GOOD_TOO, GOOD_TOO)
    found = judged(given, scene=scene_of(given, aliases={}), chosen=CHOSEN)
    assert found.sentence.startswith("there is no champion to compare with; on 4,000 rows: accuracy 0.9")
    assert "chosen by accuracy 0.97 (its run)" in found.sentence


@pytest.mark.parametrize(
    ("options", "policy", "is_asked"),
    [
        ({}, Policy(), False),
        ({"compare_metrics": True}, Policy(), True),
        ({}, Policy(checks={"evaluation": CheckPolicy(required=True)}), True),
    ],
)
def test_with_if_better_the_metrics_that_were_named_decide_alone(
    options: dict[str, bool], policy: Policy, is_asked: bool
) -> None:
    scene = scene_of(data(GOOD, GOOD_TOO), policy=policy)
    with a_witness(scene, eval_data=ON, if_better=(Goal("accuracy"),), **options) as witness:
        assert (evaluation.ask(witness) is not None) is is_asked
