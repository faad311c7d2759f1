"""Did a recorded metric get worse? NaN, infinity and a missing value never count as passed."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from numbers import Real
from types import MappingProxyType

TABLE_COLUMNS = ("metric", "champion", "candidate", "change", "better is", "verdict")

# Two floats that differ by less than this share of their size are one number that was computed twice.
_ROUNDING = 1e-9


class Direction(StrEnum):
    """Which way a metric gets better."""

    HIGHER = "higher"
    LOWER = "lower"


class Change(StrEnum):
    """What became of one metric. Only the first three count as passed."""

    BETTER = "better"
    SAME = "same"
    WITHIN_TOLERANCE = "within_tolerance"
    WORSE = "worse"
    MISSING = "missing"
    NOT_A_NUMBER = "not_a_number"
    UNJUDGED = "unjudged"


@dataclass(frozen=True)
class Tolerance:
    """How much worse is still fine: in the metric's unit, or as a share of |champion|; the larger of both applies.

    Raises:
        ValueError: a tolerance is negative or not a finite number; either would let everything or nothing through.
    """

    absolute: float = 0.0
    relative: float = 0.0

    def __post_init__(self) -> None:
        for name, value in (("absolute", self.absolute), ("relative", self.relative)):
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"the {name} tolerance must be a finite number of at least 0, not {value}")

    def allowed(self, champion: float) -> float:
        """The worsening that is still fine, in the metric's unit."""
        return max(self.absolute, self.relative * abs(champion))


@dataclass(frozen=True)
class MetricRule:
    """What a policy says about one metric. Without a direction the metric's name decides.

    `min_gain` is by more than how much --if-better asks it to be better, in the metric's unit. `asks` is whether it is
    missing where neither version recorded it; a bound alone is held against what is measured too, see thresholds.

    Raises:
        ValueError: a gain is negative or not a finite number.
    """

    direction: Direction | None = None
    tolerance: Tolerance = Tolerance()
    min_gain: float = 0.0
    asks: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.min_gain) and self.min_gain >= 0):
            raise ValueError(f"min_gain must be a finite number of at least 0, not {self.min_gain}")


@dataclass(frozen=True)
class MetricChange:
    """One metric of both versions. `change` is candidate - champion, whichever way is better."""

    name: str
    champion: float | None
    candidate: float | None
    change: float | None
    direction: Direction | None
    verdict: Change

    @property
    def counts_as_pass(self) -> bool:
        """Judged, and not worse than the champion beyond the tolerance."""
        return self.verdict in (Change.BETTER, Change.SAME, Change.WITHIN_TOLERANCE)

    @property
    def is_judged(self) -> bool:
        """Both values are numbers, and it is known which way is better."""
        return self.counts_as_pass or self.verdict is Change.WORSE

    def better_by_more_than(self, gain: float) -> bool:
        """Whether it gained more than this, in the metric's unit; what rounding adds does not count."""
        if self.verdict is not Change.BETTER or self.champion is None or self.change is None:
            return False
        return abs(self.change) - gain > _rounding(self.champion, self.change)

    @property
    def row(self) -> tuple[str, ...]:
        """The cells for TABLE_COLUMNS."""
        change = "-" if self.change is None else f"{self.change + 0.0:+.6g}"  # + 0.0: no "-0" in front of people
        better_is = self.direction.value if self.direction else "unknown"
        verdict = self.verdict.replace("_", " ")
        return self.name, _shown(self.champion), _shown(self.candidate), change, better_is, verdict


_HIGHER = """
    accuracy acc balanced_accuracy subset_accuracy token_accuracy f1 f2 f05 fbeta f_measure precision recall sensitivity
    specificity tpr tnr true_positive_rate true_negative_rate positive_predictive_value negative_predictive_value
    ppv npv auc roc_auc auc_roc auroc roc area_under_roc area_under_curve pr_auc auc_pr aucpr auprc area_under_pr
    precision_recall_auc average_precision map r2 r_squared adjusted_r2 explained_variance d2
    mcc matthews_corrcoef matthews_correlation kappa cohen_kappa quadratic_kappa youden jaccard iou dice
    ndcg dcg mrr reciprocal_rank hit_rate hits lift log_likelihood silhouette calinski_harabasz adjusted_rand
    normalized_mutual_info bleu sacrebleu rouge rouge1 rouge2 rougel rougelsum meteor bertscore chrf exact_match
    correctness answer_correctness answer_similarity answer_relevance relevance relevance_to_query faithfulness
    groundedness safety throughput qps rps requests_per_second success_rate
    neg_mean_absolute_error neg_mean_squared_error neg_root_mean_squared_error neg_mean_absolute_percentage_error
    neg_mean_squared_log_error neg_root_mean_squared_log_error neg_max_error neg_log_loss neg_brier neg_mae neg_mse
    neg_rmse
"""
# No bare "error": a "mean_error" has a sign, and is best at 0.
_LOWER = """
    loss logloss mlogloss cross_entropy crossentropy nll negative_log_likelihood neg_log_likelihood perplexity
    deviance aic bic hinge
    rmse mse mae mape smape wmape wape mase msle rmsle medae mdape nrmse pinball crps
    absolute_error squared_error root_squared_error absolute_percentage_error symmetric_absolute_percentage_error
    absolute_scaled_error squared_log_error root_squared_log_error squared_logarithmic_error max_error
    error_rate merror classification_error misclassification_rate misclassification failure_rate zero_one
    brier ece expected_calibration_error maximum_calibration_error calibration_error hamming
    fpr fnr far frr eer false_positive_rate false_negative_rate false_discovery_rate false_omission_rate
    wer cer ter word_error_rate character_error_rate edit_distance davies_bouldin toxicity hallucination
    hallucination_rate latency response_time inference_time prediction_time predict_time time_to_first_token cost
"""
# Where and how a metric was taken; none of these words turns better into worse.
_DECORATIONS = """
    test testing val valid validation train training eval evaluation holdout heldout dev cv oob oof fold best final
    last overall score scores metric mean avg average median macro micro weighted samples binary multi multiclass
    categorical sparse ovr ovo class label top at k v1 p50 p75 p90 p95 p99 p999
    ms s sec secs seconds milliseconds us pct percent percentage ratio
"""


_IGNORED = frozenset(_DECORATIONS.split())


def _core(name: str) -> tuple[str, ...]:
    """The words of a metric's name that say what it measures: val_F1Score@10 -> f1."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.findall(r"[^\W\d_]+[0-9]*|[0-9]+", spaced.lower())
    # A leading number stays, so that "1-accuracy" is not taken for accuracy.
    return tuple(w for i, w in enumerate(words) if w not in _IGNORED and not (i and w.isdigit()))


def _known() -> Mapping[str, Direction]:
    lists = ((_HIGHER, Direction.HIGHER), (_LOWER, Direction.LOWER))
    table = {"".join(_core(name)): direction for names, direction in lists for name in names.split()}
    return MappingProxyType(table)


_KNOWN = _known()


def direction_of(name: str) -> Direction | None:
    """Which way is this metric better? None when its name does not tell: then it is shown, never judged.

    Args:
        name: the name as recorded, such as `val_f1_macro`, `test/ndcg@10`, `neg_mean_squared_error`, `trainLogLoss`.
    """
    return _told_by(_core(name.partition(" [")[0]))


def _told_by(words: tuple[str, ...]) -> Direction | None:
    if known := _KNOWN.get("".join(words)):
        return known
    # A loss is minimised whatever its kind; a negated one may be scikit-learn's, or the loss on the negative class.
    is_loss = words[-1:] == ("loss",) and words[0] not in ("neg", "negative")
    return Direction.LOWER if is_loss else None


def compare(
    champion: Mapping[str, float], candidate: Mapping[str, float], rules: Mapping[str, MetricRule]
) -> tuple[MetricChange, ...]:
    """What became of each metric that either version recorded or a rule asks for, sorted by name."""
    found = {*champion, *candidate}
    # A rule holds for every dataset its metric was measured on; what was measured on none is missing.
    asked = {name for name, rule in rules.items() if rule.asks}
    names = sorted(found | (asked - {name.partition(" [")[0] for name in found}))
    return tuple(_compared(name, champion.get(name), candidate.get(name), rule_for(name, rules)) for name in names)


def rule_for(name: str, rules: Mapping[str, MetricRule]) -> MetricRule | None:
    """The rule of this very name, else that of the metric without the dataset it was measured on."""
    return rules.get(name) or rules.get(name.partition(" [")[0])


def table_rows(changes: Iterable[MetricChange]) -> tuple[tuple[str, ...], ...]:
    """One row of cells per metric, in the order of TABLE_COLUMNS."""
    return tuple(change.row for change in changes)


def _compared(name: str, champion: float | None, candidate: float | None, rule: MetricRule | None) -> MetricChange:
    rule = rule or MetricRule()
    before, after = _number(champion), _number(candidate)
    known = MetricChange(name, before, after, None, rule.direction or direction_of(name), Change.MISSING)
    if after is None:
        return known
    if before is None:
        return replace(known, verdict=Change.UNJUDGED if math.isfinite(after) else Change.NOT_A_NUMBER)
    change = after - before
    if not math.isfinite(change):
        return replace(known, verdict=Change.NOT_A_NUMBER)
    return replace(known, change=change, verdict=_judged(before, change, known.direction, rule.tolerance))


def _judged(champion: float, change: float, direction: Direction | None, tolerance: Tolerance) -> Change:
    if direction is None:
        return Change.UNJUDGED
    gain = change if direction is Direction.HIGHER else -change
    allowed = tolerance.allowed(champion)
    rounding = _rounding(champion, change)
    if abs(gain) <= rounding:
        return Change.SAME
    if gain > 0:
        return Change.BETTER
    return Change.WITHIN_TOLERANCE if -gain <= allowed + rounding else Change.WORSE


def _rounding(champion: float, change: float) -> float:
    """0.90 - 0.89 is 0.010000000000000009: the size of the numbers decides how much of a difference is rounding."""
    return _ROUNDING * max(abs(champion), abs(champion + change))


def _number(value: object) -> float | None:
    """The value as a float; NaN for whatever is no number, as a registry's answer is not typed."""
    if value is None:
        return None
    try:
        return float(value) if isinstance(value, Real) else math.nan
    except OverflowError:  # an integer of more than 308 digits
        return math.nan


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value + 0.0:.6g}"
