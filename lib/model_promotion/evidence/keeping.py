"""A reference's profile as a file that is kept with a version, and read back years later, on another machine.

What is read was kept where others can write, so nothing of it is believed: every size is bounded before anything is
unpacked, every type and count is checked, and nothing in it can run.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np

from model_promotion.core.record import MOST_KEPT_BYTES
from model_promotion.evidence.profiling import BINS, MOST_LEVELS, Counts, Edges, Profile

FILE = "reference-profile.json.gz"
FORMAT = "promote-model reference profile"
FORMAT_VERSION = 1
MOST_UNPACKED_BYTES = 64 * 2**20
MOST_COLUMNS = 10_000
GZIP = 31  # zlib's word for a gzip header round it
MOST_ROWS = 2**53


@dataclass(frozen=True)
class Reference:
    """A sample that others are compared with: where it lay, what tells it from others, and its columns, counted.

    `left_out` are the columns that cannot be counted, with what they hold.
    """

    data: str
    digest: str
    rows: int
    edges: Edges = field(default_factory=Edges)
    profile: Profile = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them, counted or not."""
        return (*self.edges.columns, *self.left_out)

    def only(self, names: frozenset[str]) -> Reference:
        """The same without any other column."""
        edges = self.edges.only(names)
        profile = {name: self.profile[name] for name in edges.columns}
        left_out = {name: kind for name, kind in self.left_out.items() if name in names}
        return replace(self, edges=edges, profile=profile, left_out=left_out)


def packed(reference: Reference) -> bytes:
    """The file: JSON, in which every number comes back as it was, compressed.

    Raises:
        ValueError: when it is larger than what is kept, or has an edge that is not finite.
    """
    body = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "data": reference.data,
        "digest": reference.digest,
        "rows": reference.rows,
        "left_out": dict(reference.left_out),
        "numbers": {
            name: {"edges": edges.tolist(), "time": name in reference.edges.times, **_written(reference.profile[name])}
            for name, edges in reference.edges.numbers.items()
        },
        "levels": {
            name: {"levels": list(levels), **_written(reference.profile[name])}
            for name, levels in reference.edges.levels.items()
        },
    }
    text = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    packer = zlib.compressobj(wbits=GZIP)
    content = packer.compress(text) + packer.flush()
    if len(text) > MOST_UNPACKED_BYTES or len(content) > MOST_KEPT_BYTES:
        raise ValueError(f"it takes {len(content):,} bytes, and at most {MOST_KEPT_BYTES:,} are kept")
    return content


def unpacked(content: bytes) -> Reference:
    """The profile in a file.

    Raises:
        ValueError: when it is none that `packed` wrote.
    """
    try:
        body = json.loads(_inflated(content), parse_constant=_no_number)
    except (zlib.error, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(f"it cannot be read: {error}") from error
    _need(isinstance(body, dict) and body.get("format") == FORMAT, "it is no profile of this program")
    _need(body.get("version") == FORMAT_VERSION, f"it has the format {body.get('version')!r:.20}, which is not known")
    data, digest, rows = body.get("data"), body.get("digest"), body.get("rows")
    _need(isinstance(data, str) and isinstance(digest, str) and _whole(rows), "it does not say what it was made of")
    numbers, levels, left_out = (_columns(body, part) for part in ("numbers", "levels", "left_out"))
    _need(not (numbers.keys() & levels.keys()), "a column is two")
    _need(all(isinstance(kind, str) for kind in left_out.values()), "a column that was left out holds no words")
    edges = Edges(
        {name: _edges(name, one.get("edges")) for name, one in _parts(numbers)},
        {name: _levels(name, one.get("levels")) for name, one in _parts(levels)},
        frozenset(name for name, one in numbers.items() if one.get("time") is True),
    )
    profile = {
        name: _counts(one, len(edges.numbers.get(name, edges.levels.get(name, ()))) + 1)
        for name, one in _parts({**numbers, **levels})
    }
    _need(all(one.rows == rows for one in profile.values()), "a column has another number of rows than the data")
    return Reference(str(data), str(digest), int(rows), edges, profile, left_out)


def _written(counts: Counts) -> dict[str, Any]:
    known = bool(np.isfinite(counts.low))
    return {
        "bins": counts.bins.tolist(),
        "nulls": counts.nulls,
        "nans": counts.nans,
        "infinite": counts.infinite,
        "low": counts.low if known else None,
        "high": counts.high if known else None,
    }


def _inflated(content: bytes) -> bytes:
    _need(len(content) <= MOST_KEPT_BYTES, "it is too large")
    unpacker = zlib.decompressobj(wbits=GZIP)
    text = unpacker.decompress(content, MOST_UNPACKED_BYTES)
    _need(unpacker.eof and not unpacker.unused_data, "it is cut off, or too large")
    return text


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"it holds {word}, which is no number")


def _columns(body: Mapping[str, Any], part: str) -> dict[str, Any]:
    found = body.get(part)
    _need(isinstance(found, dict) and len(found) <= MOST_COLUMNS, f"its {part} make no sense")
    return dict(found or {})


def _parts(columns: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    _need(all(isinstance(one, dict) for one in columns.values()), "a column makes no sense")
    return list(columns.items())


def _edges(name: str, found: object) -> np.ndarray:
    held = _list(found, BINS + 1, f"the edges of {name:.80}")
    _need(all(type(one) in (float, int) for one in held), f"an edge of {name:.80} is no number")
    try:
        edges = np.array(held, dtype=np.float64)
    except OverflowError as error:
        raise ValueError(f"an edge of {name:.80} is no number") from error
    _need(bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all()), f"the edges of {name:.80} do not ascend")
    return edges


def _levels(name: str, found: object) -> tuple[str, ...]:
    held = _list(found, MOST_LEVELS, f"the values of {name:.80}")
    _need(all(isinstance(one, str) for one in held), f"a value of {name:.80} is no text")
    _need(len(set(held)) == len(held), f"a value of {name:.80} is there twice")
    return tuple(held)


def _counts(column: Mapping[str, Any], bins: int) -> Counts:
    found = _list(column.get("bins"), bins, "the counts of a column")
    others = [column.get(name) for name in ("nulls", "nans", "infinite")]
    _need(len(found) == bins, "a column has other counts than bins")
    _need(all(_whole(one) for one in (*found, *others)), "a count is no whole number")
    nulls, nans, infinite = (int(one or 0) for one in others)
    low, high = _range(column.get("low"), column.get("high"))
    return Counts(np.array(found, dtype=np.int64), nulls, nans, infinite, low, high)


def _range(low: object, high: object) -> tuple[float, float]:
    """The least and the largest value; without a value the way round that no value has."""
    if low is None and high is None:
        return np.inf, -np.inf
    if isinstance(low, float) and isinstance(high, float) and -np.inf < low <= high < np.inf:
        return low, high
    raise ValueError("a range makes no sense")


def _list(found: object, most: int, what: str) -> list[Any]:
    if not isinstance(found, list) or len(found) > most:
        raise ValueError(f"{what} make no sense")
    return found


def _whole(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST_ROWS


def _need(holds: bool, sentence: str) -> None:  # noqa: FBT001 - an assertion that stays in
    if not holds:
        raise ValueError(sentence)
