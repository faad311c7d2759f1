"""A trial run of one model version: what is asked of it, what came back, and whether that is good enough.

The model itself runs in a child process (`scoring/`). Whatever that child answers was written next to foreign code, so
`TrialResult.from_json` believes nothing: every type is checked, every size bounded, every number finite.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn, cast

from model_promotion.core.redaction import redacted
from model_promotion.core.say import count

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LINE_LENGTH = 300
MAX_ANSWER_BYTES = 1_000_000
MAX_LINES = 200
MAX_NUMBER = 1e12
SPOKEN_PROBLEMS = 3


@dataclass(frozen=True)
class Trial:
    """One model version, the rows it is to answer, and the limits it runs under.

    `rows_from` is a downloaded model folder whose saved input example is used; it may be another version's, so that
    champion and candidate get the same rows. `rows` are made-up rows, as `core.signature.example_rows` makes them. The
    first that exists counts: `rows_from`, `rows`, the model's own example. `memory_limit_mib` bounds the address space,
    of which Python with MLflow takes 1 to 2 GiB before the model.
    """

    label: str
    model_dir: Path
    rows_from: Path | None = None
    rows: Mapping[str, object] | None = None
    repeats: int = 20
    timeout_s: float = 120
    memory_limit_mib: int | None = None
    env_manager: Literal["local", "uv"] = "local"


@dataclass(frozen=True)
class TrialResult:
    """What one trial showed; a measure that was not reached is None.

    `error` is why there is no usable answer at all; `problems` are sentences about an answer that came. `columns` names
    what was answered and of which type, as in "score: double". `latency_ms` is the median of the repeats after one
    warm-up; `cpu_pct` is what all threads of the child spent meanwhile, of one core. `peak_mib` is of the whole child,
    Python and MLflow included, so compare it, rather than budget with it.
    """

    label: str
    error: str | None = None
    rows: int = 0
    predictions: int = 0
    columns: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    load_s: float | None = None
    latency_ms: float | None = None
    cpu_pct: float | None = None
    peak_mib: float | None = None
    size_mib: float | None = None

    @classmethod
    def from_json(cls, answer: bytes, label: str, size_mib: float | None = None) -> TrialResult:
        """The child's answer, taken apart with suspicion.

        Raises:
            ValueError: with one sentence that says what does not fit.
        """
        asked = _object(answer)
        error = asked["error"]
        return cls(
            label=label,
            error=None if error is None else _line(error, "error"),
            rows=_count(asked, "rows"),
            predictions=_count(asked, "predictions"),
            columns=_lines(asked, "columns"),
            problems=_lines(asked, "problems"),
            load_s=_measure(asked, "load_s"),
            latency_ms=_measure(asked, "latency_ms"),
            cpu_pct=_measure(asked, "cpu_pct"),
            peak_mib=_measure(asked, "peak_mib"),
            size_mib=size_mib,
        )


MEASURED = ("load_s", "latency_ms", "cpu_pct", "peak_mib")
ANSWER_KEYS = frozenset({"error", "rows", "predictions", "columns", "problems", *MEASURED})


def one_line(text: str) -> str:
    """Text of unknown origin as one printable line of at most 300 characters: no secrets, no escape sequences."""
    printable = "".join(letter if letter.isprintable() else " " for letter in redacted(text[: 20 * LINE_LENGTH]))
    line = " ".join(printable.split())
    return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 3] + "..."


def judge(candidate: TrialResult, champion: TrialResult | None = None) -> tuple[bool, str]:
    """Does the candidate load, answer every row, and answer soundly? The champion only gives the numbers a scale."""
    if candidate.error is not None:
        return False, f"{candidate.label}: {candidate.error}{_shared_fate(champion)}"
    if candidate.problems:
        return False, f"{candidate.label}: {_spoken(candidate.problems)}"
    if candidate.rows < 1 or candidate.predictions < 1:
        return False, f"{candidate.label}: answered no row, so nothing is shown"
    took = _said(candidate.latency_ms, ".1f", "ms")
    answers = count(candidate.predictions, "answer")
    sentence = f"{candidate.label}: {answers} for {count(candidate.rows, 'row')}, median {took}"
    return True, sentence + _scale(candidate, champion)


MEASURES = {
    "latency_ms": "the median latency in ms",
    "load_s": "the time to load in s",
    "size_mib": "the size in MiB",
    "peak_mib": "the peak memory in MiB",
    "cpu_pct": "the CPU while it answers in % of one core",
}


def beyond(result: TrialResult, most: Mapping[str, float | None]) -> tuple[str, ...]:
    """One sentence for each measure above the most that it may be; one that was not taken is not below it either."""
    return tuple(
        f"{MEASURES[name]} is {'not known' if value is None else f'{value:.4g}'}, at most {limit:g} is allowed"
        for name, limit, value in ((name, limit, getattr(result, name)) for name, limit in most.items())
        if limit is not None and not (value is not None and value <= limit)
    )


def side_by_side(candidate: TrialResult, champion: TrialResult | None) -> tuple[tuple[str, str, str], ...]:
    """Rows of (measure, champion, candidate), each value with its unit, "-" where nothing was measured."""
    was = champion or TrialResult("none")
    return (
        ("load time", _said(was.load_s, ".2f", "s"), _said(candidate.load_s, ".2f", "s")),
        ("median latency", _said(was.latency_ms, ".1f", "ms"), _said(candidate.latency_ms, ".1f", "ms")),
        ("CPU of one core", _said(was.cpu_pct, ".0f", "%"), _said(candidate.cpu_pct, ".0f", "%")),
        ("peak memory", _said(was.peak_mib, ".0f", "MiB"), _said(candidate.peak_mib, ".0f", "MiB")),
        ("size on disk", _said(was.size_mib, ".2f", "MiB"), _said(candidate.size_mib, ".2f", "MiB")),
    )


def _shared_fate(champion: TrialResult | None) -> str:
    # Both failing points at this machine (a missing package, say) rather than at the candidate.
    return "" if champion is None or champion.error is None else f" (so does {champion.label}: {champion.error})"


def _scale(candidate: TrialResult, champion: TrialResult | None) -> str:
    if champion is None:
        return ""
    if champion.error is not None:
        return f"; no comparison, {champion.label}: {champion.error}"
    beside = f" ({champion.label}: {_said(champion.latency_ms, '.1f', 'ms')})"
    if candidate.columns == champion.columns:
        return beside
    return f"{beside}; answers {_listed(candidate.columns)}, was {_listed(champion.columns)}"


def _spoken(problems: tuple[str, ...]) -> str:
    more = len(problems) - SPOKEN_PROBLEMS
    return "; ".join(problems[:SPOKEN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")


def _listed(columns: tuple[str, ...]) -> str:
    return one_line(", ".join(columns)) or "nothing"


def _said(value: float | None, digits: str, unit: str) -> str:
    return "-" if value is None else f"{value:{digits}} {unit}"


def _object(answer: bytes) -> dict[str, object]:
    if len(answer) > MAX_ANSWER_BYTES:
        raise ValueError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    try:
        found = json.loads(answer, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None
    if not isinstance(found, dict) or found.keys() != ANSWER_KEYS:
        raise ValueError("the answer does not have exactly the agreed fields")
    return cast("dict[str, object]", found)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number an answer may hold")


def _line(value: object, field: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} should be text")
    return one_line(value) or "(unprintable)"


def _lines(asked: Mapping[str, object], field: str) -> tuple[str, ...]:
    value = asked[field]
    if not isinstance(value, list) or len(value) > MAX_LINES:
        raise ValueError(f"{field} should be a list of at most {MAX_LINES} lines")
    return tuple(_line(item, field) for item in value)


def _count(asked: Mapping[str, object], field: str) -> int:
    value = asked[field]
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise ValueError(f"{field} should be a whole number from 0")
    return value


def _measure(asked: Mapping[str, object], field: str) -> float | None:
    value = asked[field]
    if value is None:
        return None
    if type(value) not in {int, float}:
        raise ValueError(f"{field} should be a number")
    number = float(cast("float", value)) if abs(cast("float", value)) <= MAX_NUMBER else math.inf
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"{field} should be a finite number from 0")
    return number
