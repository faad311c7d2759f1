"""Tables as rows that Spark can add up, and back: what leaves a worker is (name, place, whole, real, text)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from model_promotion.core.errors import BadCall
from model_promotion.core.scores import NoAnswerError
from model_promotion.evidence.profiling import SHOWN_LEVELS, Counts
from model_promotion.evidence.tables import PairTables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROWS = "name string, place long, whole long, real double, text string"
SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("place", pa.int64()),
        ("whole", pa.int64()),
        ("real", pa.float64()),
        ("text", pa.string()),
    ]
)
TABLES = ("rows", "unlabelled", "unanswered", "cells", "joint", "bucket_rows", "bucket_sums", "bucket_scores", "powers")
BETWEEN = "\x1f"
"""Stands in no name of a column."""
NO_ANSWER, BAD_CALL, EDGES = "no answer", "bad call", "edges"


def words(name: str, text: str) -> pa.RecordBatch:
    """One row that says something; said twice it is said once."""
    return rows(name, np.zeros(1, np.int64), text=text)


def rows(name: str, values: Any, text: str | None = None) -> pa.RecordBatch:  # noqa: ANN401 - an array
    """An array, row by row, without what is 0; all of it where there is a text."""
    flat = np.ravel(values)
    places = np.flatnonzero(flat) if text is None else np.arange(len(flat))
    found, zeros = flat[places], np.zeros(len(places))
    is_real = flat.dtype.kind == "f"
    columns = (
        np.full(len(places), name, dtype=object),
        places.astype(np.int64),
        (zeros if is_real else found).astype(np.int64),
        (found if is_real else zeros).astype(np.float64),
        np.full(len(places), text or "", dtype=object),
    )
    return pa.record_batch([pa.array(one, kind.type) for one, kind in zip(columns, SCHEMA, strict=True)], SCHEMA)


def rows_of(tables: PairTables, of: str = "") -> Iterator[pa.RecordBatch]:
    """The tables of some rows, and of their slices."""
    yield words(f"{of}{BETWEEN}sums", json.dumps(tables.sums))
    for name in TABLES:
        if (table := getattr(tables, name)) is not None:
            array = np.asarray(table)
            yield words(f"{of}{BETWEEN}shape{BETWEEN}{name}", json.dumps([array.dtype.kind, array.shape]))
            yield rows(f"{of}{BETWEEN}{name}", array)
    for name, one in tables.slices.items():
        yield from rows_of(one, of=name)


def rows_of_edges(edges: tuple[Any, Any] | None) -> Iterator[pa.RecordBatch]:
    """The edges between the scores of champion and candidate, where there are any."""
    for which, one in enumerate(edges or ()):
        yield rows(EDGES, one, text=str(which))


def tables_of(added: pa.Table) -> PairTables:
    """The tables of all rows.

    Raises:
        NoAnswerError: what a worker said about a model.
        BadCall: what a worker said about the data.
        ValueError: when there are tables of different things, or none.
    """
    parts = _said(added)
    of = dict.fromkeys(name.split(BETWEEN)[0] for name in parts if BETWEEN in name)
    if not of:
        raise ValueError("it holds no row")
    every = {one: _tables(parts, one) for one in of}
    whole = every.pop("")
    return PairTables(**{**vars(whole), "slices": dict(sorted(every.items()))})


def edges_in(added: pa.Table) -> tuple[Any, Any] | None:
    """The edges between the scores of champion and candidate; none where there are no scores.

    Raises:
        NoAnswerError: what a worker said about a model.
        BadCall: what a worker said about the data.
    """
    if not (found := _said(added).get(EDGES)):
        return None
    every = sorted(zip(found["text"], found["place"], found["real"], strict=True))
    each = {which: np.array([value for of, _, value in every if of == which]) for which in "01"}
    return each["0"], each["1"]


def _said(added: pa.Table) -> dict[str, dict[str, list[Any]]]:
    """What came, by name, unless a worker says what went wrong."""
    parts = _by_name(added)
    if said := parts.get(NO_ANSWER):
        raise NoAnswerError(min(said["text"]))
    if said := parts.get(BAD_CALL):
        sentence, hint = json.loads(min(said["text"]))
        raise BadCall(sentence, hint=hint)
    return parts


def _tables(parts: Mapping[str, Any], of: str) -> PairTables:
    sums = parts[f"{of}{BETWEEN}sums"]["text"]
    if len(sums) > 1:
        raise ValueError(f"tables of {sums[0]} and of {sums[1]} do not add up")
    fields: dict[str, Any] = {"sums": tuple(json.loads(sums[0]))}
    for name in TABLES:
        if shape := parts.get(f"{of}{BETWEEN}shape{BETWEEN}{name}"):
            kind, size = json.loads(shape["text"][0])
            table: Any = np.zeros(int(np.prod(size)), np.float64 if kind == "f" else np.int64)
            if found := parts.get(f"{of}{BETWEEN}{name}"):
                table[found["place"]] = found["real" if kind == "f" else "whole"]
            fields[name] = table.reshape(size)
    fields |= {name: int(fields[name]) for name in ("rows", "unlabelled")}
    return PairTables(**{**fields, "unanswered": tuple(fields["unanswered"].tolist())})


def rows_of_counts(profile: Mapping[str, Counts]) -> Iterator[pa.RecordBatch]:
    """Counted columns; the ends of a range are found among what each batch says of them."""
    for column, one in profile.items():
        yield rows(f"bins{BETWEEN}{column}", one.bins)
        yield rows(f"missing{BETWEEN}{column}", np.array([one.nulls, one.nans, one.infinite]))
        if np.isfinite(one.low):
            yield rows(f"ends{BETWEEN}{column}", np.array([one.low, one.high]), text="range")
        for level in one.new_levels:
            yield words(f"new{BETWEEN}{column}", level)


def counts_of(added: pa.Table, empty: Mapping[str, Counts]) -> dict[str, Counts]:
    """The counted columns of all rows; what was not counted is as in an empty one."""
    parts = _by_name(added)
    return {column: _counts(parts, column, one) for column, one in empty.items()}


def _counts(parts: Mapping[str, Any], column: str, empty: Counts) -> Counts:
    bins, missing, low, high = empty.bins.copy(), np.zeros(3, np.int64), np.inf, -np.inf
    if found := parts.get(f"bins{BETWEEN}{column}"):
        bins[found["place"]] = found["whole"]
    if found := parts.get(f"missing{BETWEEN}{column}"):
        missing[found["place"]] = found["whole"]
    if found := parts.get(f"ends{BETWEEN}{column}"):
        low, high = min(found["least"]), max(found["most"])
    new = sorted(parts.get(f"new{BETWEEN}{column}", {"text": []})["text"])
    nulls, nans, infinite = missing.tolist()
    return Counts(bins, nulls, nans, infinite, low, high, frozenset(new[:SHOWN_LEVELS]))


def _by_name(added: pa.Table) -> dict[str, dict[str, list[Any]]]:
    found: dict[str, dict[str, list[Any]]] = {}
    ordered = added.to_pandas()
    for name, part in ordered.groupby("name", sort=False):
        found[str(name)] = {column: part[column].tolist() for column in part.columns}
    return found
