"""SQL of Databricks, run on DuckDB: sqlglot translates it, and what it does not know yet is translated here."""

from collections.abc import Mapping
from typing import Any

from tests.workspace.sql import FailedError, Rows, Table

TYPES = {"VARCHAR": "STRING", "TIMESTAMP": "TIMESTAMP_NTZ", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "BLOB": "BINARY"}
JSON_TYPES = {"ARRAY<ARRAY<DOUBLE>>": "DOUBLE[][]", "ARRAY<ARRAY<ARRAY<DOUBLE>>>": "DOUBLE[][][]"}
LEVELS = "STRUCT(place INT, spot INT, level VARCHAR)[]"


def tables_in(text: str) -> list[Table]:
    """The tables with three names that a statement reads."""
    from sqlglot import exp, parse_one

    found = [one for one in parse_one(text, read="databricks").find_all(exp.Table) if one.catalog]
    return [tuple(part.name for part in one.parts) for one in found]


def run(text: str, given: Mapping[str, str], tables: Mapping[Table, Any]) -> tuple[dict[str, str], Rows]:
    """The columns with their types, and the rows as texts."""
    import duckdb
    from sqlglot import exp, parse_one

    tree = parse_one(text, read="databricks")
    with duckdb.connect() as database:
        for place, one in enumerate([one for one in tree.find_all(exp.Table) if one.catalog]):
            database.register(f"given_{place}", tables[tuple(part.name for part in one.parts)])
            one.replace(exp.to_table(f"given_{place}"))
        try:
            database.execute(tree.transform(_translated).sql(dialect="duckdb"), {**given})
        except duckdb.Error as error:
            raise FailedError(f"[LOOPBACK] {error}") from error
        columns = {str(name): _type(str(kind)) for name, kind, *_ in database.description or ()}
        return columns, [[_text(value) for value in row] for row in database.fetchall()]


def _translated(node: Any) -> Any:
    from sqlglot import exp, parse_one

    if isinstance(node, exp.Select):
        node.set("expressions", [made for one in node.expressions for made in _unstacked(one)])
    if isinstance(node, exp.Inline):
        named = node.find(exp.Placeholder).name
        return parse_one(f"unnest(CAST(CAST(${named} AS JSON) AS {LEVELS}), recursive := true)", read="duckdb")
    if isinstance(node, exp.FromJson):
        wanted = JSON_TYPES[node.expression.name]
        return parse_one(f"CAST(CAST(${node.this.name} AS JSON) AS {wanted})", read="duckdb")
    if isinstance(node, exp.Anonymous) and node.name.lower() == "xxhash64":
        # Another hash: as long as the same rows give the same sum, nobody looks at it.
        hashed = exp.Anonymous(this="hash", expressions=node.expressions)
        return parse_one(f"CAST({hashed.sql('duckdb')} // 2 AS BIGINT)", read="duckdb")
    return node


def _unstacked(one: Any) -> list[Any]:
    """`stack(n, a, b, ...) AS (x, y)` as two lists that are unnested side by side."""
    from sqlglot import exp

    if not (isinstance(one, exp.Aliases) and isinstance(one.this, exp.Stack)):
        return [one]
    names = one.expressions
    cells = one.this.expressions
    columns = [cells[place :: len(names)] for place in range(len(names))]
    return [
        exp.alias_(exp.Unnest(expressions=[exp.Array(expressions=[cell.copy() for cell in each])]), name.name)
        for name, each in zip(names, columns, strict=True)
    ]


def _type(kind: str) -> str:
    return f"ARRAY<{_type(kind[:-2])}>" if kind.endswith("[]") else TYPES.get(kind, kind)


def _text(value: Any) -> str | None:
    """As the statement API writes a value."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), str(value))
