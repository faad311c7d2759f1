import math
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model_promotion.core.metrics import (
    TABLE_COLUMNS,
    Change,
    Direction,
    MetricChange,
    MetricRule,
    Tolerance,
    compare,
    direction_of,
    table_rows,
)

HIGHER, LOWER = Direction.HIGHER, Direction.LOWER
EXACT = Tolerance()

numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
not_numbers = st.sampled_from([math.nan, math.inf, -math.inf])
directions = st.sampled_from(Direction)
tolerances = st.builds(Tolerance, st.floats(0, 1e6), st.floats(0, 10))


def judged(champion: float | None, candidate: float | None, rule: MetricRule) -> MetricChange:
    before = {} if champion is None else {"m": champion}
    after = {} if candidate is None else {"m": candidate}
    (change,) = compare(before, after, {"m": rule})
    return change


def verdict(champion: float, candidate: float, direction: Direction = HIGHER, tolerance: Tolerance = EXACT) -> Change:
    return judged(champion, candidate, MetricRule(direction, tolerance)).verdict


# --- a metric that was measured on a named dataset


def test_directions_and_rules_of_a_metric_apply_to_each_dataset_it_was_measured_on() -> None:
    before = {"accuracy [test]": 0.9, "accuracy [train]": 0.9, "rmse [test]": 1.0}
    after = {"accuracy [test]": 0.85, "accuracy [train]": 0.5, "rmse [test]": 2.0}
    rules = {"accuracy": MetricRule(tolerance=Tolerance(0.1))}
    verdicts = {change.name: change.verdict for change in compare(before, after, rules)}
    assert verdicts == {
        "accuracy [test]": Change.WITHIN_TOLERANCE,
        "accuracy [train]": Change.WORSE,
        "rmse [test]": Change.WORSE,
    }


def test_the_rule_of_one_dataset_wins_over_the_rule_of_the_metric() -> None:
    rules = {"accuracy": MetricRule(), "accuracy [test]": MetricRule(LOWER)}
    (change,) = compare({"accuracy [test]": 0.9}, {"accuracy [test]": 0.8}, rules)
    assert change.verdict is Change.BETTER


@pytest.mark.parametrize("named", ["accuracy", "accuracy [holdout]"])
def test_what_a_rule_names_and_nobody_measured_is_missing(named: str) -> None:
    changes = compare({"f1 [test]": 0.9}, {"f1 [test]": 0.9}, {named: MetricRule()})
    assert {change.name: change.verdict for change in changes}[named] is Change.MISSING


# --- which way is better

HIGHER_IS_BETTER = """
    accuracy val_acc accuracy_score balanced_accuracy_score f1 F1Score f1_macro test_f1_weighted val/f1 f1_class_3 auc
    roc_auc roc_auc_score_ovr rocAuc areaUnderROC validation_0-auc pr_auc average_precision_score precision precision@k
    recall_at_5 test/ndcg@10 top_5_accuracy sparse_categorical_accuracy mAP r2 r2_score R2 explained_variance_score mcc
    neg_log_loss neg_mean_squared_error neg_root_mean_squared_error neg_brier_score true_positive_rate
    negative_predictive_value rouge1/v1/mean correctness/mean precision_recall_auc throughput log_likelihood
"""
LOWER_IS_BETTER = """
    loss val_loss train_loss focal_loss logloss log_loss trainLogLoss validation_0-mlogloss valid_0-binary_logloss
    val_binary_crossentropy rmse test_rmse RMSE mae mse mape smape mean_absolute_error mean_squared_error
    root_mean_squared_error mean_absolute_percentage_error median_absolute_error max_error error_rate
    false_positive_rate brier_score brier_score_loss latency latency_p95_ms p99_latency_seconds inference_time_ms
    perplexity wer negative_log_likelihood expected_calibration_error toxicity/v1/mean cost
"""
UNKNOWN = """
    x score training_score example_count sum_on_target mean_on_target accuracy_std accuracy_gap 1-accuracy neg_f1
    negative_recall neg_focal_loss mean_error mean_bias_error error weight churn_rate toxicity/v1/variance Δaccuracy 10
    latency_budget_left max_depth n_estimators f1_threshold
"""


@pytest.mark.parametrize("name", HIGHER_IS_BETTER.split())
def test_a_name_tells_that_higher_is_better(name: str) -> None:
    assert direction_of(name) is HIGHER


@pytest.mark.parametrize("name", LOWER_IS_BETTER.split())
def test_a_name_tells_that_lower_is_better(name: str) -> None:
    assert direction_of(name) is LOWER


@pytest.mark.parametrize("name", [*UNKNOWN.split(), "", "_", "@"])
def test_a_name_that_does_not_tell_is_not_guessed_at(name: str) -> None:
    assert direction_of(name) is None


@pytest.mark.parametrize(
    ("name", "rules", "direction"),
    [
        ("loss", {"loss": MetricRule(HIGHER)}, HIGHER),
        ("loss", {"other_loss": MetricRule(HIGHER)}, LOWER),
        ("churn", {"churn": MetricRule(LOWER)}, LOWER),
    ],
)
def test_who_knows_better_overrides_the_name(name: str, rules: dict[str, MetricRule], direction: Direction) -> None:
    changes = compare({name: 1.0}, {name: 2.0}, rules)
    assert {change.name: change.direction for change in changes}[name] is direction


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_name(name: str) -> None:
    assert direction_of(name) in (HIGHER, LOWER, None)


# --- the verdicts

TABLE: list[tuple[float, float, Direction, Tolerance, Change]] = [
    (0.90, 0.91, HIGHER, EXACT, Change.BETTER),
    (0.90, 0.89, HIGHER, EXACT, Change.WORSE),
    (0.90, 0.91, LOWER, EXACT, Change.WORSE),
    (0.90, 0.89, LOWER, EXACT, Change.BETTER),
    (0.90, 0.90, HIGHER, EXACT, Change.SAME),
    (0.90, 0.89, HIGHER, Tolerance(absolute=0.01), Change.WITHIN_TOLERANCE),
    (0.90, 0.8899, HIGHER, Tolerance(absolute=0.01), Change.WORSE),
    (0.3, 0.1, HIGHER, Tolerance(absolute=0.2), Change.WITHIN_TOLERANCE),
    (0.01, 0.0, HIGHER, Tolerance(absolute=0.01), Change.WITHIN_TOLERANCE),
    (1e9, 1e9 - 0.1, HIGHER, Tolerance(absolute=0.1), Change.SAME),
    (200.0, 210.0, LOWER, Tolerance(relative=0.05), Change.WITHIN_TOLERANCE),
    (200.0, 211.0, LOWER, Tolerance(relative=0.05), Change.WORSE),
    (200.0, 211.0, LOWER, Tolerance(absolute=11, relative=0.05), Change.WITHIN_TOLERANCE),
    (200.0, 210.0, LOWER, Tolerance(absolute=1, relative=0.05), Change.WITHIN_TOLERANCE),
    (-0.50, -0.52, HIGHER, Tolerance(relative=0.05), Change.WITHIN_TOLERANCE),
    (-0.50, -0.55, HIGHER, Tolerance(relative=0.05), Change.WORSE),
    (-0.50, -0.45, HIGHER, EXACT, Change.BETTER),
    (0.0, -1e-12, HIGHER, Tolerance(relative=0.5), Change.WORSE),
    (0.0, -0.0, HIGHER, EXACT, Change.SAME),
    (0.1 + 0.2, 0.3, HIGHER, EXACT, Change.SAME),
    (1e-13, 5e-13, LOWER, EXACT, Change.WORSE),
    (1.7e308, -1.7e308, LOWER, EXACT, Change.NOT_A_NUMBER),
]


@pytest.mark.parametrize("case", TABLE)
def test_the_tolerance_is_the_worsening_that_is_still_fine(
    case: tuple[float, float, Direction, Tolerance, Change],
) -> None:
    champion, candidate, direction, tolerance, expected = case
    assert verdict(champion, candidate, direction, tolerance) is expected


def test_each_metric_of_either_version_and_of_the_rules_is_listed_by_name() -> None:
    rules = {"profit": MetricRule(HIGHER), "auc": MetricRule()}
    changes = compare({"rmse": 2.0, "f1": 0.8, "churn": 1.0}, {"f1": 0.9, "churn": 2.0, "mae": 1.0}, rules)
    assert [(c.name, c.verdict) for c in changes] == [
        ("auc", Change.MISSING),
        ("churn", Change.UNJUDGED),
        ("f1", Change.BETTER),
        ("mae", Change.UNJUDGED),
        ("profit", Change.MISSING),
        ("rmse", Change.MISSING),
    ]


def test_a_rule_without_a_direction_leaves_it_to_the_name() -> None:
    (change,) = compare({"rmse": 2.0}, {"rmse": 2.1}, {"rmse": MetricRule(tolerance=Tolerance(0.2))})
    assert (change.direction, change.verdict) == (LOWER, Change.WITHIN_TOLERANCE)


def test_a_rule_overrules_the_name() -> None:
    (change,) = compare({"loss": 2.0}, {"loss": 2.1}, {"loss": MetricRule(HIGHER)})
    assert change.verdict is Change.BETTER


def test_an_unknown_direction_is_shown_and_not_judged_even_when_nothing_changed() -> None:
    (change,) = compare({"churn": 0.2}, {"churn": 0.2}, {})
    assert (change.champion, change.candidate, change.verdict) == (0.2, 0.2, Change.UNJUDGED)
    assert not change.counts_as_pass


def test_what_is_no_number_is_not_taken_for_one() -> None:
    odd: list[object] = ["0.9", 10**400, 1j, [0.9]]
    for value in odd:
        (change,) = compare({"f1": 0.5}, {"f1": value}, {})  # type: ignore[dict-item]
        assert change.verdict is Change.NOT_A_NUMBER


def test_a_whole_number_and_a_fraction_are_numbers() -> None:
    assert verdict(1, Fraction(1, 2)) is Change.WORSE  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf])
def test_a_tolerance_is_finite_and_not_negative(bad: float) -> None:
    with pytest.raises(ValueError, match="the absolute tolerance must be"):
        Tolerance(absolute=bad)
    with pytest.raises(ValueError, match="the relative tolerance must be"):
        Tolerance(relative=bad)


# --- what holds for all numbers


@given(st.none() | numbers | not_numbers, st.none() | not_numbers, directions, tolerances)
def test_a_candidate_without_a_number_never_passes(
    champion: float | None, candidate: float | None, direction: Direction, tolerance: Tolerance
) -> None:
    assert not judged(champion, candidate, MetricRule(direction, tolerance)).counts_as_pass


@given(st.none() | not_numbers, st.none() | numbers | not_numbers, directions, tolerances)
def test_a_champion_without_a_number_is_never_beaten(
    champion: float | None, candidate: float | None, direction: Direction, tolerance: Tolerance
) -> None:
    assert not judged(champion, candidate, MetricRule(direction, tolerance)).counts_as_pass


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=5), numbers))
def test_nothing_recorded_on_one_side_never_passes(recorded: dict[str, float]) -> None:
    changes = (*compare(recorded, {}, {}), *compare({}, recorded, {}), *compare({}, {}, {}))
    assert not any(change.counts_as_pass for change in changes)


@given(numbers, numbers)
def test_the_other_direction_gives_the_mirrored_verdict(champion: float, candidate: float) -> None:
    mirror = {Change.BETTER: Change.WORSE, Change.WORSE: Change.BETTER, Change.SAME: Change.SAME}
    assert verdict(champion, candidate, LOWER) is mirror[verdict(champion, candidate, HIGHER)]


OPPOSITE = {HIGHER: LOWER, LOWER: HIGHER}


@given(numbers, numbers, directions, tolerances)
def test_negated_numbers_in_the_other_direction_give_the_same_verdict(
    champion: float, candidate: float, direction: Direction, tolerance: Tolerance
) -> None:
    assert verdict(-champion, -candidate, OPPOSITE[direction], tolerance) is verdict(
        champion, candidate, direction, tolerance
    )


@given(numbers, directions, tolerances)
def test_an_unchanged_metric_is_the_same(value: float, direction: Direction, tolerance: Tolerance) -> None:
    assert verdict(value, value, direction, tolerance) is Change.SAME


@given(numbers, numbers, directions, tolerances)
def test_a_tolerance_never_makes_a_verdict_worse(
    champion: float, candidate: float, direction: Direction, tolerance: Tolerance
) -> None:
    rules = MetricRule(direction), MetricRule(direction, tolerance)
    strict, lenient = (judged(champion, candidate, rule) for rule in rules)
    assert lenient.counts_as_pass or not strict.counts_as_pass
    assert lenient.verdict is strict.verdict or strict.verdict is Change.WORSE


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), directions)
def test_exactly_the_tolerated_worsening_passes_whatever_the_rounding(
    champion: float, allowed: float, direction: Direction
) -> None:
    assume(abs(champion) < 1e6 * allowed)
    candidate = champion - allowed if direction is HIGHER else champion + allowed
    assert verdict(champion, candidate, direction, Tolerance(allowed)) is Change.WITHIN_TOLERANCE
    further = candidate - 0.01 * allowed if direction is HIGHER else candidate + 0.01 * allowed
    assert verdict(champion, further, direction, Tolerance(allowed)) is Change.WORSE


# --- what a person sees


def test_the_table_says_numbers_with_what_is_better_and_the_verdict() -> None:
    champion = {"f1": 0.812, "rmse": 2.0, "churn": -0.0, "auc": math.nan}
    rules = {"rmse": MetricRule(tolerance=Tolerance(relative=0.05))}
    rows = table_rows(compare(champion, {"f1": 0.8249, "rmse": 2.05, "churn": 0.0}, rules))
    assert rows == (
        ("auc", "nan", "-", "-", "higher", "missing"),
        ("churn", "0", "0", "+0", "unknown", "unjudged"),
        ("f1", "0.812", "0.8249", "+0.0129", "higher", "better"),
        ("rmse", "2", "2.05", "+0.05", "lower", "within tolerance"),
    )
    assert {len(row) for row in rows} == {len(TABLE_COLUMNS)}
