"""Loads one model and answers many rows, batch by batch, so that memory is bounded by the batch.

Run as `python -I score_child.py < request.json`, beside `child.py`, whose words it shares. It reads the features from
Parquet files itself, or from a pipe as Arrow's stream, and sends nothing but numbers back, through a pipe of its own,
because model code owns stdout: frames of a JSON line and the bytes that it announces.

A classifier's answer is sent as codes, which are places in the request's `classes` (OTHER where it is none of these,
ABSENT where there is no answer), or as one probability a class; a regressor's as numbers, NaN where there is none.
Where probabilities are asked for and the model as it is served answers labels, its own predict_proba follows.
"""
# ruff: noqa: ANN401 - as in child.py

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

OTHER, ABSENT = -1, -2
NEAR_ONE = 1e-3
CLASSIFIER = "is a classifier, but the truth looks like amounts: name task under [evidence] in promotion.toml"
NUMBERS = {"integer", "floating", "decimal", "boolean", "mixed-integer-float", "integer-na", "empty"}


sys.path.insert(0, str(Path(__file__).parent))  # `python -I` leaves it out,
import manners  # noqa: E402

sys.path.pop(0)  # and what the model imports is its own.

child = manners.neighbour("child")


@dataclass(frozen=True)
class Answers:
    """What one batch was answered: codes of classes (1 column), probabilities (one a class), or numbers (1 column).

    It is not `sure` where codes might as well be shares: a sigmoid says exactly 0 and 1 as well.
    """

    kind: str
    array: Any
    sure: bool = True

    def send(self, pipe: BinaryIO, *, more: bool = False) -> None:
        """One frame; `more` announces another one about the same rows."""
        array = np.ascontiguousarray(self.array)
        line = {"kind": self.kind, "rows": len(array), "columns": array.size // max(len(array), 1), "more": more}
        pipe.write(json.dumps(line).encode() + b"\n")
        pipe.write(array.data.cast("B") if array.size else b"")


def batches(request: dict[str, Any]) -> Iterator[pd.DataFrame]:
    """The features of all files, in their order, or as they are sent; pre-buffering would hold whole row groups."""
    if request.get("rows_from") is not None:
        with os.fdopen(request["rows_from"], "rb") as pipe, pa.ipc.open_stream(pipe) as stream:
            yield from (batch.to_pandas() for batch in stream)
    for name in request["files"]:
        with pq.ParquetFile(name, pre_buffer=False) as file:
            for batch in file.iter_batches(request["batch_rows"], columns=request["columns"]):
                yield batch.to_pandas()


def answers_of(answer: Any, request: dict[str, Any], rows: int, kind: str = "") -> Answers:
    """Any usual form of an answer as codes, probabilities or numbers.

    Args:
        answer: what the model said.
        request: its `classes` are ours, None for amounts; its `served` the classes in the order in which the model
            answers probabilities.
        rows: how many were asked.
        kind: what the batches before were answered with, so that shares of exactly 0 and 1 are still shares.

    Raises:
        Trouble: when it is none of these, or does not have one answer a row.
    """
    answer, served = child.plain(answer), list(request["served"] or ())
    if isinstance(answer, pd.DataFrame) and served and set(map(str, answer.columns)) == set(map(str, served)):
        answer = answer[[name for one in served for name in answer.columns if str(name) == str(one)]]
    array = as_array(answer)
    if array.shape[:1] != (rows,):
        raise manners.Trouble(f"answered {array.shape[0] if array.ndim else 1} rows for {rows}")
    if array.ndim > 1 and array.shape[1] == 1:
        array = array[:, 0]
    if request["classes"] is None:
        return numbers(array)
    if array.ndim > 1:
        return probabilities(array, request)
    return codes(array, request, kind)


def as_array(answer: Any) -> Any:
    """A table of one kind of column as an array; several texts and numbers side by side are nobody's prediction."""
    if isinstance(answer, dict):
        answer = pd.DataFrame(answer)
    if isinstance(answer, pd.DataFrame) and answer.shape[1] == 1:
        answer = answer.iloc[:, 0]
    array = unmasked(answer) if isinstance(answer, np.ma.MaskedArray) else np.asarray(answer)
    if array.ndim not in (1, 2):
        raise manners.Trouble(f"answered {array.ndim} dimensions, which is no prediction a row")
    if array.ndim > 1 and array.shape[1] > 1 and array.dtype.kind not in "fiu":
        raise manners.Trouble(f"answered {array.shape[1]} columns that are not all numbers")
    return array


def unmasked(answer: Any) -> Any:
    """What is masked is missing, whatever stands beneath."""
    if answer.dtype.kind in "biuf":
        return answer.astype(np.float64).filled(np.nan)
    return np.where(np.ma.getmaskarray(answer), None, answer.data.astype(object))


def numbers(array: Any) -> Answers:
    """One number a row, NaN for a row that holds none.

    Raises:
        Trouble: when they are of a kind that would lose its meaning as a number: dates, complex numbers, texts.
    """
    if array.ndim > 1:
        raise manners.Trouble(f"answered {array.shape[1]} numbers a row, where one was expected")
    kind = pd.api.types.infer_dtype(array, skipna=True)
    if kind not in NUMBERS and not kind.startswith("mixed"):
        raise manners.Trouble(f"answered values of kind {kind}, where numbers were expected")
    if kind.startswith("mixed"):
        array = np.array([one if pd.api.types.infer_dtype([one]) in NUMBERS else np.nan for one in array], dtype=object)
    return Answers("numbers", pd.to_numeric(pd.Series(array), errors="coerce").to_numpy(np.float64))


def probabilities(array: Any, request: dict[str, Any]) -> Answers:
    """One probability a class, put into the order of our classes."""
    classes, served = request["classes"], list(request["served"])
    if array.shape[1] != len(served):
        raise manners.Trouble(f"answered {array.shape[1]} numbers a row for {len(served)} classes")
    sums = array.sum(axis=1)
    whole = np.isfinite(sums)
    if not (np.abs(sums[whole] - 1) < NEAR_ONE).all():
        raise manners.Trouble("answered numbers a row that are no probabilities: they do not add up to 1")
    if not (np.abs(array[whole] - 0.5) <= 0.5 + NEAR_ONE).all():
        raise manners.Trouble("answered numbers a row that are no probabilities: not all are between 0 and 1")
    shares = np.where(whole[:, None], array.clip(0, 1), np.nan)
    places = places_of(classes, served)
    if (places < 0).all():
        raise manners.Trouble(f"knows none of the classes {classes[:5]}, but {served[:5]}")
    # A class that the model never saw has no chance.
    return Answers("probabilities", np.where(places >= 0, shares[:, places], 0.0).astype(np.float64))


def places_of(wanted: Any, there: list[Any]) -> Any:
    """Where each of the wanted labels is among those there, -1 for nowhere; True is 1, and 1.0 is 1."""
    if (
        all(isinstance(one, (bool, int, float, np.generic)) for one in there)
        and np.asarray(wanted).dtype.kind in "biuf"
    ):
        return pd.Index(there, dtype=float).get_indexer(pd.Index(np.asarray(wanted, dtype=float)))
    return pd.Index(there, dtype=object).get_indexer(pd.Index(np.asarray(wanted, dtype=object)))


def codes(array: Any, request: dict[str, Any], kind: str) -> Answers:
    """Labels as codes; numbers between 0 and 1 that are no labels are the probability of the second of two classes."""
    classes, served = request["classes"], list(request["served"])
    absent = pd.isna(pd.Series(array)).to_numpy()
    found = places_of(array, classes)
    between = array.dtype.kind == "f" and len(served) == 2 and ((array >= 0) & (array <= 1))[~absent].all()  # noqa: PLR2004
    open_ = kind != "codes" and between
    if open_ and (kind == "probabilities" or (found[~absent] < 0).any()):
        return probabilities(np.column_stack([1 - array, array]), request)
    return Answers("codes", np.where(absent, ABSENT, found).astype(np.int32), sure=not open_)


@dataclass
class Asked:
    """A loaded model, in what form it answers and did so far, and how long its answers took."""

    model: Any
    request: dict[str, Any]
    kind: str = ""
    sent: str = ""
    predict_s: float = 0.0

    def __post_init__(self) -> None:
        self.raw: Any = None
        with contextlib.suppress(AttributeError, NotImplementedError):  # not every flavour has one to show
            self.raw = self.model.get_raw_model()
        classes = self.request["classes"]
        theirs = getattr(self.raw, "classes_", None)
        if classes is None and theirs is not None and not self.request.get("any_model"):
            raise manners.Trouble(CLASSIFIER)
        # As served, probabilities come in the order in which the model holds its classes, which is sorted by default.
        served = sorted(classes) if classes else None
        if classes and theirs is not None and np.ndim(theirs) == 1:
            served = np.asarray(theirs).tolist()
        self.request = {**self.request, "served": served}

    def answers(self, frame: pd.DataFrame) -> Iterator[Answers]:
        """What the model says as it is served, then its own probabilities where they are wanted and there are any."""
        served = answers_of(self.timed(self.model.predict, frame), self.request, len(frame), self.kind)
        # What was sent is counted by now, so the rows before cannot be told again as what they were.
        if self.sent not in ("", served.kind):
            raise manners.Trouble(
                f"answered {self.sent} at first, then {served.kind}: let it answer one column a class"
            )
        self.sent = served.kind
        self.kind = self.kind or (served.kind if served.sure else "")
        yield served
        if served.kind == "codes" and self.request["probabilities"] and hasattr(self.raw, "predict_proba"):
            yield probabilities(np.asarray(self.timed(self.raw.predict_proba, frame)), self.request)

    def timed(self, predict: Any, frame: pd.DataFrame) -> Any:
        """Its answer; the time it took is added up."""
        began = time.perf_counter()
        answer = predict(frame)
        self.predict_s += time.perf_counter() - began
        return answer


def score(request: dict[str, Any], pipe: BinaryIO) -> dict[str, Any]:
    """Sends every batch's answers; what is returned is the last frame."""
    pyfunc = manners.pyfunc(request)
    began = time.perf_counter()
    model = pyfunc.load_model(request["model_dir"])
    load_s, rows = time.perf_counter() - began, 0
    asked = Asked(model, request)
    for frame in batches(request):
        served, *more = asked.answers(frame)
        served.send(pipe, more=bool(more))
        for answers in more:
            answers.send(pipe)
        pipe.flush()  # who sends rows waits for what is answered to them
        rows += len(frame)
    return {"kind": "end", "rows": rows, "load_s": load_s, "predict_s": asked.predict_s}


def main() -> None:
    """One request in, many frames out; whatever the model raises, SystemExit included, becomes the last frame."""
    request = manners.request()
    with os.fdopen(request["answer_to"], "wb", buffering=1 << 20) as pipe:
        try:
            last = score(request, pipe)
        except BrokenPipeError:  # nobody listens any more
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - a model may raise SystemExit or KeyboardInterrupt as well
            last = {"kind": "error", "error": manners.told(error)}
        pipe.write(json.dumps({**last, "peak_mib": manners.peak_mib()}).encode() + b"\n")
        pipe.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
