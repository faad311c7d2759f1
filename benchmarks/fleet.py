"""A registry of 5,000 models with 20,000 versions in one sqlite file, written in seconds by SQL below MLflow."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

MODELS, VERSIONS = 5_000, 4
BORN_MS = 1_700_000_000_000
MLMODEL = "flavors:\n  python_function:\n    loader_module: none\nmodel_uuid: abc\n"


def build(folder: Path) -> Path:
    """Every model has a champion (v3), each newest version is tagged best_model=true and has its roc_auc in a tag."""
    from mlflow import MlflowClient

    database, model = folder / "mlflow.db", folder / "model"
    model.mkdir(parents=True)
    (model / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    client = MlflowClient(f"sqlite:///{database}", f"sqlite:///{database}")
    client.search_registered_models(max_results=1)  # Makes the tables.
    client.search_experiments()
    with sqlite3.connect(database) as connection:
        _fill(connection, model.as_uri())
    return database


def _fill(connection: sqlite3.Connection, source: str) -> None:
    names = [f"team{number % 50:02}.model_{number:05}" for number in range(MODELS)]
    made = "insert into registered_models (name, creation_time, last_updated_time) values (?, ?, ?)"
    connection.executemany(made, ((name, BORN_MS, BORN_MS) for name in names))
    connection.executemany(
        "insert into registered_model_aliases (alias, version, name) values ('champion', ?, ?)",
        ((VERSIONS - 1, name) for name in names),
    )
    connection.executemany(
        "insert into model_versions (name, version, creation_time, last_updated_time, current_stage, source, status)"
        " values (?, ?, ?, ?, 'None', ?, 'READY')",
        ((name, number, BORN_MS + number, BORN_MS + number, source) for name, number in _numbers(names)),
    )
    tag = "insert into model_version_tags (key, value, name, version) values (?, ?, ?, ?)"
    connection.executemany(tag, _tags(names))


def _numbers(names: list[str]) -> Iterator[tuple[str, int]]:
    return ((name, number) for name in names for number in range(1, VERSIONS + 1))


def _tags(names: list[str]) -> Iterator[tuple[str, str, str, int]]:
    for at, (name, number) in enumerate(_numbers(names)):
        yield "roc_auc", f"{0.5 + (at * 7919 % 49999) / 100_000:.5f}", name, number
        if number == VERSIONS:
            yield "best_model", "true", name, number
