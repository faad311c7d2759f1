"""What an endpoint answered, and whether that is an answer: JSON with predictions, as many as rows, numbers finite."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from model_promotion.core.load import Ending
from model_promotion.core.say import count
from model_promotion.core.trial import one_line

OK, REDIRECTS, CLIENT_ERRORS, TOO_MANY, SERVER_ERRORS = 200, 300, 400, 429, 500
DENIED = (401, 403)
PREDICTIONS = b'"predictions"'
DATA, CAUSE = " data '", "Error: "
MOST_CAUSE = 80


@dataclass(frozen=True)
class Sent:
    """A request as it goes out."""

    method: str
    url: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request: its status and answer, or why there is none; `answered_by` is whom the server says it was.

    `took_ms` is until the whole answer was there.
    """

    took_ms: float
    status: int | None = None
    answer: bytes = b""
    answered_by: str = ""
    error: str = ""


@dataclass(frozen=True)
class Look:
    """Whether a scoring server says that it is there, and which MLflow it has: empty when it does not say."""

    alive: bool
    mlflow: str = ""
    said: str = ""


def ending_of(status: int, answer: bytes) -> Ending:
    """What an answer counts as under load: all of it is not read there, only whether predictions are in it."""
    if status == TOO_MANY:
        return Ending.THROTTLED
    if status in DENIED:
        return Ending.DENIED
    if status >= SERVER_ERRORS:
        return Ending.SERVER_ERROR
    if status >= CLIENT_ERRORS:
        return Ending.CLIENT_ERROR
    if status >= REDIRECTS or status < OK:
        return Ending.REDIRECTED
    return Ending.ANSWERED if PREDICTIONS in answer else Ending.NO_PREDICTIONS


def flaw(asked: Asked, rows: int | None) -> str:
    """Why this is no answer to so many rows; empty when it is one."""
    if asked.status is None:
        return f"did not answer: {one_line(asked.error)}"
    if not OK <= asked.status < REDIRECTS:
        return f"answered {asked.status}: {_cause(_message(asked.answer)) or 'without a word'}"
    try:
        predictions = json.loads(asked.answer)["predictions"]
        found = number_of(predictions)
        wrong = next(_not_finite(predictions, "predictions"), "")
    except (ValueError, TypeError, KeyError, RecursionError):
        return "answered no JSON with predictions"
    if rows is not None and found != rows:
        return f"answered {count(found, 'prediction')} for {count(rows, 'row')}"
    return wrong and f"answered {one_line(wrong)}"


def predictions_in(asked: Asked) -> int:
    """How many predictions an answer without a flaw has."""
    return number_of(json.loads(asked.answer)["predictions"])


def same(one: Any, other: Any, tolerance: float) -> bool:  # noqa: ANN401 - JSON is any of six types
    """Whether two answers say the same; numbers may differ by so much, relative to them or, close to 0, as such."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name], tolerance) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair, tolerance) for pair in zip(one, other, strict=True))
    numbers = [type(each) in (int, float) for each in (one, other)]
    return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance) if all(numbers) else bool(one == other)


def number_of(predictions: Any) -> int:  # noqa: ANN401 - JSON is any of six types
    """How many rows were answered: of tensors with names, the first one's."""
    if isinstance(predictions, Mapping) and predictions:
        return number_of(next(iter(predictions.values())))
    return len(predictions) if isinstance(predictions, list) else 1


def _not_finite(value: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - as above
    """The values that are none, each with its place; MLflow writes a NaN as null."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from _not_finite(one, f"{where}.{name}")
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _not_finite(one, f"{where}[{place}]")
    elif value is None or (isinstance(value, float) and not math.isfinite(value)):
        yield f"{where} = {'null' if value is None else value}"


def _message(answer: bytes) -> str:
    """What a server says of an error: MLflow and Databricks put it into JSON."""
    text = answer.decode(errors="replace")
    try:
        found = json.loads(text)
        return str(found["message"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return text


def _cause(message: str) -> str:
    """The first line of why, kept short: servers repeat the rows they got, which belong into no output and no record.

    An MLflow scoring server puts all of them before the reason.
    """
    before, repeats, after = message.partition(DATA)
    if repeats:
        # Such an error may be the cause of another one: what is wrong comes last.
        message = after.rpartition(CAUSE)[2].partition(DATA)[0] if CAUSE in after else f"{before} data"
    line = one_line(next(iter(message.strip().splitlines()), ""))
    return line if len(line) <= MOST_CAUSE else line[: MOST_CAUSE - 3] + "..."
