"""What a team asks of its promotions beyond the defaults, as read from its policy file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from model_promotion.core.alert_policy import AlertPolicy
from model_promotion.core.dataset import Dataset
from model_promotion.core.exam import CASES
from model_promotion.core.gate import ALPHA, check_alpha
from model_promotion.core.gates import GatePolicy
from model_promotion.core.load import LoadPolicy, LoadTest
from model_promotion.core.metrics import Direction, MetricRule, Tolerance
from model_promotion.core.strict import STRICT, above_zero, not_negative
from model_promotion.core.watch_rules import WatchPolicy

DEFAULT_EXPERIMENT = "model-promotions"


@dataclass(frozen=True)
class MetricPolicy:
    """`[metrics.NAME]`: which way is better, how much worse is still fine (the larger of the two tolerances).

    `min_gain` is by more than how much --if-better asks it to be better. On evaluation data the metric may be worse by
    less than `margin`, in its unit, or `relative_margin`, as a share of the champion's value (the larger of both), or
    must be better by more than `must_gain`; without any of them a usual margin holds.
    `minimum` and `maximum` bound the candidate's own value, measured there, else as it was recorded.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    direction: Direction | None = None
    tolerance: float = 0.0
    relative_tolerance: float = 0.0
    min_gain: float = 0.0
    margin: float | None = None
    relative_margin: float | None = None
    must_gain: float | None = None
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        """A tolerance that makes no sense is refused here, where its line in the file is still known.

        Raises:
            ValueError: when a number is negative.
        """
        _ = self.rule
        not_negative(margin=self.margin, relative_margin=self.relative_margin, must_gain=self.must_gain)

    @property
    def is_bounded(self) -> bool:
        """Whether the candidate's own value is bounded."""
        return self.minimum is not None or self.maximum is not None

    @property
    def rule(self) -> MetricRule:
        """The same for the comparison."""
        tolerance = Tolerance(self.tolerance, self.relative_tolerance)
        return MetricRule(self.direction, tolerance, self.min_gain, asks=self._is_about_records)

    @property
    def _is_about_records(self) -> bool:
        """Bounds and margins alone are about what is measured, where it is."""
        measured = (self.minimum, self.maximum, self.margin, self.relative_margin, self.must_gain)
        return bool(self.tolerance or self.relative_tolerance or self.min_gain) or all(one is None for one in measured)


@dataclass(frozen=True)
class CheckPolicy:
    """`[checks.NAME]`: whether the check must have passed, unknown not counting."""

    __pydantic_config__: ClassVar[Any] = STRICT

    required: bool = False


@dataclass(frozen=True)
class Expectation:
    """`[[model_tests.expect]]`: where the answer goes as one column goes through these values, in their order.

    `tolerance` is in the unit of the answer. `output` names the column of the answer, or its place; none is the last.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    column: str
    answer: Literal["up", "down", "same"]
    values: tuple[str | int | float | bool, ...]
    tolerance: float = 0.0
    output: str = ""

    def __post_init__(self) -> None:
        """What could not be held against anything is refused where it is written.

        Raises:
            ValueError: when there are too few values, or the tolerance is negative.
        """
        not_negative(tolerance=self.tolerance)
        if len(self.values) < 2:  # noqa: PLR2004 - one value changes nothing
            raise ValueError("values must be at least two")


@dataclass(frozen=True)
class TestPolicy:
    """`[model_tests]`: the limits of the process that runs a model, in seconds and MiB, and what it is tried on.

    `max_...` are the most that the median latency of the example, the time to load, the files and the memory of the
    whole process may be, and the CPU while it answers: 100 is one core, all of the time. `tolerance` is by how much,
    relative to it, an answer may differ between two ways to ask for it. `cases` says of a case by its name whether it
    must be answered, may fail, or is left out.
    """

    __pydantic_config__: ClassVar[Any] = STRICT
    __test__: ClassVar[bool] = False

    timeout_s: float = 120.0
    memory_mib: int | None = 32768
    download_timeout_s: float = 1800.0
    tolerance: float = 1e-5
    max_latency_ms: float | None = None
    max_load_s: float | None = None
    max_size_mib: float | None = None
    max_peak_mib: float | None = None
    max_cpu_pct: float | None = None
    cases: Mapping[str, Literal["must_answer", "may_fail", "skip"]] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()

    def __post_init__(self) -> None:
        """Limits that nothing could keep are refused where they are written.

        Raises:
            ValueError: when a limit is zero or less, or a case is none that there is.
        """
        above_zero(timeout_s=self.timeout_s, memory_mib=self.memory_mib)
        not_negative(tolerance=self.tolerance, **{f"max_{name}": most for name, most in self.most.items()})
        if unknown := sorted({*self.cases} - {*CASES}):
            raise ValueError(f"there is no case {unknown[0]}; there are {', '.join(sorted(CASES))}")

    @property
    def most(self) -> dict[str, float | None]:
        """By the name of the measure the most that it may be."""
        return {
            "latency_ms": self.max_latency_ms,
            "load_s": self.max_load_s,
            "size_mib": self.max_size_mib,
            "peak_mib": self.max_peak_mib,
            "cpu_pct": self.max_cpu_pct,
        }

    @property
    def skipped(self) -> frozenset[str]:
        """The cases that are left out."""
        return frozenset(name for name, rule in self.cases.items() if rule == "skip")


@dataclass(frozen=True)
class EvidencePolicy:
    """`[evidence]`: on which data candidate and champion are compared, by what, and how sure that must be.

    `metrics` are those that decide, also the team's own as package.module:function, which take (truth, prediction) and
    answer one number a row; none means the usual ones of the task. `positive` is the class that F1 is about.
    `task` is what is predicted, None finds it out. `slices` are columns, of each of whose values no loss may be sure
    either; None finds texts with few values. `warehouse` is the id of the SQL warehouse that counts tables.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    data: str = ""
    target: str = ""
    id: str = ""
    group: str = ""
    weight: str = ""
    metrics: tuple[str, ...] = ()
    slices: tuple[str, ...] | None = None
    task: Literal["binary", "multiclass", "regression"] | None = None
    positive: str | int | float | bool | None = None
    alpha: float = ALPHA
    seed: int = 20_261_121
    resamples: int = 2000
    timeout_s: float = 3600.0
    warehouse: str = ""

    def __post_init__(self) -> None:
        """Numbers that make no sense are refused where they are written.

        Raises:
            ValueError: when one of them does not.
        """
        check_alpha(self.alpha)
        above_zero(timeout_s=self.timeout_s)
        if self.resamples < 200:  # noqa: PLR2004 - fewer say nothing about a tail
            raise ValueError("resamples must be at least 200")

    @property
    def dataset(self) -> Dataset:
        """The data that are compared on where a call names none."""
        return Dataset(self.data, self.target, self.id, self.group, self.weight)


@dataclass(frozen=True)
class DriftRules:
    """`[drift]`: from where on a distance between two samples matters, and how often chance may pass for drift.

    `prediction_psi` is from where on candidate and champion answer the same rows too differently; None only tells it.
    `columns` are judged beside those that the version takes.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    psi: float = 0.1
    jensen_shannon: float = 0.1
    wasserstein: float = 0.1
    ks: float = 0.1
    cramer_w: float = 0.1
    prediction_psi: float | None = None
    columns: tuple[str, ...] = ()
    alpha: float = ALPHA
    seed: int = 20_261_121

    def __post_init__(self) -> None:
        """A threshold of 0 or less would call everything drift.

        Raises:
            ValueError: when a number makes no sense.
        """
        check_alpha(self.alpha)
        above_zero(**self.all_thresholds, prediction_psi=self.prediction_psi)

    @property
    def all_thresholds(self) -> dict[str, float]:
        """By statistic."""
        return {name: getattr(self, name) for name in ("psi", "jensen_shannon", "wasserstein", "ks", "cramer_w")}


@dataclass(frozen=True)
class RolloutPolicy:
    """`[rollout]`: how a version comes to endpoints. `timeout_s` is how long one change may take until it serves.

    `bake_s` is how long each rung of a canary is held, and how long the old version stays beside the new one. Both are
    then asked `probes_per_s` times a second, and every `look_s` it is looked at what came of that. A verdict that the
    new one is worse is wrong in at most `alpha` of all canaries; none is given before `least_requests`. Its p95 may be
    `latency_tolerance` times the champion's.
    """

    __pydantic_config__: ClassVar[Any] = STRICT

    timeout_s: float = 2700.0
    bake_s: float = 600.0
    probes_per_s: float = 5.0
    look_s: float = 20.0
    alpha: float = 0.01
    least_requests: int = 300
    latency_tolerance: float = 1.5

    def __post_init__(self) -> None:
        """Times that make no sense are refused where they are written.

        Raises:
            ValueError: when one of them does not.
        """
        check_alpha(self.alpha)
        above_zero(timeout_s=self.timeout_s, probes_per_s=self.probes_per_s, look_s=self.look_s)
        above_zero(least_requests=self.least_requests)
        not_negative(bake_s=self.bake_s)
        LoadTest.of_policy(self.probes_per_s, self.look_s, "probes_per_s and look_s")
        if self.latency_tolerance < 1:
            raise ValueError("latency_tolerance must be at least 1")


@dataclass(frozen=True)
class RecordPolicy:
    """`[record]`: the MLflow experiment that holds the records."""

    __pydantic_config__: ClassVar[Any] = STRICT

    experiment: str = ""


@dataclass(frozen=True)
class RetentionPolicy:
    """`[retention]`: what --cleanup never goes below, in days and newest versions; None leaves it to the options."""

    __pydantic_config__: ClassVar[Any] = STRICT

    days: float | None = None
    keep: int | None = None

    def __post_init__(self) -> None:
        """A minimum that makes no sense is refused where it is written.

        Raises:
            ValueError: when it is less than zero.
        """
        not_negative(days=self.days, keep=self.keep)


@dataclass(frozen=True)
class Policy:
    """A policy file, or the defaults when there is none; `digest` is the SHA-256 of the file's bytes."""

    __pydantic_config__: ClassVar[Any] = STRICT

    metrics: Mapping[str, MetricPolicy] = field(default_factory=dict)
    checks: Mapping[str, CheckPolicy] = field(default_factory=dict)
    gates: Mapping[str, GatePolicy] = field(default_factory=dict)
    model_tests: TestPolicy = TestPolicy()
    record: RecordPolicy = RecordPolicy()
    retention: RetentionPolicy = RetentionPolicy()
    evidence: EvidencePolicy = EvidencePolicy()
    drift: DriftRules = DriftRules()
    rollout: RolloutPolicy = RolloutPolicy()
    load_test: LoadPolicy = LoadPolicy()
    watch: WatchPolicy = WatchPolicy()
    alerts: AlertPolicy = AlertPolicy()
    digest: str = "defaults"

    @property
    def required(self) -> frozenset[str]:
        """The checks that must have passed."""
        return frozenset(name for name, check in self.checks.items() if check.required)

    @property
    def metric_rules(self) -> dict[str, MetricRule]:
        """What the comparison of recorded metrics needs."""
        return {name: metric.rule for name, metric in self.metrics.items()}
