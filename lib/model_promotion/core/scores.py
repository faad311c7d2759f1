"""What a model is asked when it scores many rows, and the form of its answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

OTHER, ABSENT = -1, -2
"""The codes of an answer that is none of the classes, and of no answer."""


class NoAnswerError(Exception):
    """One sentence about why a model did not score the rows, beginning with its label."""


@dataclass(frozen=True)
class Order:
    """One model version, and the rows it is to score.

    `files` are Parquet files, read in order, named by the engine; `columns` the features, in the signature's order.
    `classes` are the labels of a classifier, sorted; None asks a regressor, and a classifier only where it may be
    `any_model`. `probabilities` asks a classifier that answers labels for its own probabilities too. `batch_rows`
    bounds the memory.
    """

    label: str
    model_dir: Path
    columns: Sequence[str]
    files: Sequence[Path] = ()
    classes: Sequence[str | int | float | bool] | None = None
    any_model: bool = False
    probabilities: bool = False
    batch_rows: int = 100_000
    timeout_s: float = 3600
    memory_limit_mib: int | None = None
    env_manager: Literal["local", "uv"] = "local"


@dataclass(frozen=True)
class Answers:
    """One batch. Exactly one of `codes` (int32) and `numbers` (float64) is there unless `probabilities` stands alone.

    The arrays are numpy's: `codes` and `numbers` of shape (rows,), `probabilities` of shape (rows, classes).
    """

    codes: Any = None
    probabilities: Any = None
    numbers: Any = None

    @property
    def rows(self) -> int:
        """How many rows were answered."""
        return len(next(one for one in (self.codes, self.numbers, self.probabilities) if one is not None))


@dataclass(frozen=True)
class Spent:
    """What scoring cost one model: seconds to load and to predict, and the peak memory of its process in MiB."""

    load_s: float | None = None
    predict_s: float | None = None
    peak_mib: float | None = None
