"""The statements that count a table, in the SQL of Databricks and Spark.

Every column becomes rows (place, value), by `stack`, in one scan. Names stand between backticks, all else that comes
from anywhere is a parameter, so there is nothing that could run. What comes back are counts by bin, the ends of each
bin, and texts only where the local engine tells them too: levels of a reference, and up to five that are new.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from model_promotion.core.sql import Statement, quoted
from model_promotion.evidence.profiling import BINS, MOST_LEVELS, SHOWN_LEVELS

PART = 32
"""A warehouse has no binary search, so the cost of a value is the edges that it is compared with. Edges go in parts: a
value finds its part, then its place in that one. Of 1,000 edges it meets 64, which costs no more than 100 in a row."""
NULL, NAN, INFINITE, NEW = -1, -2, -3, -2


def described(table: str) -> Statement:
    """No row, with the types of the columns."""
    return Statement(f"SELECT * FROM {table} LIMIT 0")


def listed(table: str, columns: Sequence[str], most: int) -> Statement:
    """These columns as texts, of so many rows at most."""
    texts = ", ".join(f"CAST({quoted(name)} AS STRING) AS c{place}" for place, name in enumerate(columns))
    return Statement(f"SELECT {texts} FROM {table} LIMIT {most}")


def digested(table: str, columns: Sequence[str]) -> Statement:
    """How many rows there are, and the sum of their hashes."""
    hashed = ", ".join(map(quoted, columns)) or "0"
    return Statement(f"SELECT count(*) AS n, sum(CAST(xxhash64({hashed}) AS DECIMAL(38, 0))) AS hashes FROM {table}")


def edges(table: str, columns: Mapping[str, str]) -> Statement:
    """(place, value, how many quantiles it is) of the least value and of all that are quantiles.

    The i-th of BINS quantiles is the least value that i / BINS of all values do not exceed. Exact, so that the same
    rows give the same edges whatever their order; `percentile_approx` does not promise that.
    """
    reached, before = (f"({count} * {BINS}) div total" for count in ("upto", "(upto - n)"))
    return Statement(
        f"WITH {_cells(table, columns)}, "
        "tally AS (SELECT place, value, count(*) AS n FROM cells WHERE value IS NOT NULL AND NOT isnan(value) "
        "AND abs(value) < CAST('Infinity' AS DOUBLE) GROUP BY place, value), "
        "ranked AS (SELECT place, value, n, sum(n) OVER (PARTITION BY place ORDER BY value) AS upto, "
        "sum(n) OVER (PARTITION BY place) AS total FROM tally) "
        f"SELECT place, value, {reached} - {before} AS passed FROM ranked "
        f"WHERE upto = n OR {reached} > {before}"
    )


def levels(table: str, columns: Mapping[str, str]) -> Statement:
    """(place, value) of the most frequent values."""
    return Statement(
        f"WITH {_cells(table, columns)}, "
        "tally AS (SELECT place, value, count(*) AS n FROM cells WHERE value IS NOT NULL GROUP BY place, value), "
        "ranked AS (SELECT place, value, row_number() OVER (PARTITION BY place ORDER BY n DESC, value) AS r FROM tally)"
        f" SELECT place, value FROM ranked WHERE r <= {MOST_LEVELS}"
    )


def counted_numbers(table: str, columns: Mapping[str, str], between: Sequence[np.ndarray]) -> Statement:
    """(place, bin, how many, least, largest); a bin below 0 is what is in none."""
    parts = [one[: len(one) // PART * PART].reshape(-1, PART) for one in between]
    coarse = [part[:, -1].tolist() for part in parts]
    fine = [[*part.tolist(), one[part.size :].tolist()] for one, part in zip(between, parts, strict=True)]
    below = "size(filter({}, e -> e < value))"
    of_part = below.format("element_at(from_json(:coarse, 'ARRAY<ARRAY<DOUBLE>>'), place)")
    of_edge = below.format("element_at(element_at(from_json(:fine, 'ARRAY<ARRAY<ARRAY<DOUBLE>>>'), place), part + 1)")
    text = (
        f"WITH {_cells(table, columns)}, "
        f"parted AS (SELECT place, value, CASE WHEN value IS NULL THEN {NULL} WHEN isnan(value) THEN {NAN} "
        f"WHEN abs(value) = CAST('Infinity' AS DOUBLE) THEN {INFINITE} ELSE {of_part} END AS part FROM cells), "
        f"binned AS (SELECT place, value, CASE WHEN part < 0 THEN part ELSE part * {PART} + {of_edge} END AS bin "
        "FROM parted) "
        "SELECT place, bin, count(*) AS n, min(value) AS low, max(value) AS high FROM binned GROUP BY place, bin"
    )
    return Statement(text, {"coarse": json.dumps(coarse), "fine": json.dumps(fine)})


def counted_levels(table: str, columns: Mapping[str, str], known: Sequence[Sequence[str]]) -> Statement:
    """(place, spot, how many, nothing), and of new values (place, NEW, 0, value) for the first few."""
    listed = [
        {"place": place, "spot": spot, "level": level}
        for place, each in enumerate(known, start=1)
        for spot, level in enumerate(each)
    ]
    text = (
        f"WITH {_cells(table, columns)}, "
        "tally AS (SELECT place, value, count(*) AS n FROM cells GROUP BY place, value), "
        "known AS (SELECT inline(from_json(:known, 'ARRAY<STRUCT<place: INT, spot: INT, level: STRING>>'))), "
        f"found AS (SELECT tally.place AS place, tally.value AS value, tally.n AS n, CASE WHEN tally.value IS NULL "
        f"THEN {NULL} ELSE coalesce(known.spot, {NEW}) END AS spot FROM tally "
        "LEFT JOIN known ON tally.place = known.place AND tally.value = known.level), "
        "fresh AS (SELECT place, value, row_number() OVER (PARTITION BY place ORDER BY value) AS r FROM found "
        f"WHERE spot = {NEW}) "
        "SELECT place, spot, sum(n) AS n, CAST(NULL AS STRING) AS value FROM found GROUP BY place, spot "
        f"UNION ALL SELECT place, {NEW}, 0, value FROM fresh WHERE r <= {SHOWN_LEVELS}"
    )
    return Statement(text, {"known": json.dumps(listed)})


def _cells(table: str, columns: Mapping[str, str]) -> str:
    """Each value of each column with the place of its column, from 1; columns come with their type."""
    pairs = ", ".join(f"{place}, {_value(name, kind)}" for place, (name, kind) in enumerate(columns.items(), start=1))
    return f"cells AS (SELECT stack({len(columns)}, {pairs}) AS (place, value) FROM {table})"


def _value(name: str, type_text: str) -> str:
    """A column as a floating number, times as microseconds since 1970; texts and truth values as texts."""
    column, kind = quoted(name), type_text.upper()
    if kind == "DATE":
        return f"CAST(unix_date({column}) * 86400000000 AS DOUBLE)"
    if kind == "TIMESTAMP_NTZ":
        # A time without a zone is meant as it is written, whatever zone the warehouse has.
        return f"CAST(unix_micros(CAST(concat(CAST({column} AS STRING), 'Z') AS TIMESTAMP)) AS DOUBLE)"
    if kind == "TIMESTAMP":
        return f"CAST(unix_micros({column}) AS DOUBLE)"
    return f"CAST({column} AS {'STRING' if kind_of(kind) in ('text', 'truth value') else 'DOUBLE'})"


def kind_of(type_text: str) -> str:
    """What a column of this type holds, in the same words as for files."""
    bare = type_text.upper().partition("(")[0].partition("<")[0].partition(" ")[0]
    return KINDS.get(bare, "other value")


KINDS = {
    **dict.fromkeys(("TINYINT", "BYTE", "SMALLINT", "SHORT", "INT", "INTEGER", "BIGINT", "LONG"), "number"),
    **dict.fromkeys(("FLOAT", "REAL", "DOUBLE", "DECIMAL", "DEC", "NUMERIC"), "number"),
    **dict.fromkeys(("STRING", "VARCHAR", "CHAR"), "text"),
    **dict.fromkeys(("DATE", "TIMESTAMP", "TIMESTAMP_NTZ"), "time"),
    **dict.fromkeys(("ARRAY", "MAP", "STRUCT"), "nested value"),
    "BOOLEAN": "truth value",
    "BINARY": "binary value",
}
