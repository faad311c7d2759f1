"""One metric of many versions, read by pages: from their logged models, and from their runs."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.entities import Version
from model_promotion.registries._bulk import found_logged_models, found_runs
from model_promotion.registries._entities import as_logged, measured, newest

RUN_ID = re.compile(r"[\w-]+", re.ASCII)
MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
Score = tuple[float, str] | None


def scores(connection: MlflowConnection, versions: Sequence[Version], metric: str) -> list[Score]:
    """The metric of each version and where it was found: its own, else its logged model's, else its run's.

    None where it is nowhere. Unity Catalog tells the metrics of a logged model with the version itself, so there only
    runs are asked.
    """
    # A 0 may stand for NaN, so for that one is asked further too.
    ask = [version for version in versions if version.metrics.get(metric, 0.0) == 0.0]
    model_ids = [] if connection.address.is_databricks else [version.model_id for version in ask]
    logged = _logged(connection, model_ids, metric)
    zeros = [one.run_id for one in logged.values() if one.value == 0.0]
    runs = _of_runs(connection, [*zeros, *(one.run_id for one in ask if one.model_id not in logged)])

    def score(version: Version) -> Score:
        own, of_run = version.metrics.get(metric), runs.get(version.run_id, {})
        if not own and (found := logged.get(version.model_id)):
            return as_logged(metric, measured(found.value), runs.get(found.run_id, {})), "its logged model"
        if own is not None:
            return as_logged(metric, own, of_run), "the version"
        return (of_run[metric], "its run") if metric in of_run else None

    return [score(version) for version in versions]


def _logged(connection: MlflowConnection, model_ids: Iterable[str], metric: str) -> dict[str, Any]:
    """The newest such metric of each logged model that has one."""
    wanted = sorted({one for one in model_ids if MODEL_ID.fullmatch(one)})
    found = found_logged_models(connection, wanted) if wanted else []
    named = {model.model_id: newest(model.metrics or ()) for model in found}
    return {model_id: metrics[metric] for model_id, metrics in named.items() if metric in metrics}


def _of_runs(connection: MlflowConnection, run_ids: Iterable[str]) -> dict[str, dict[str, float]]:
    """The metrics of many runs, by run; a run that may not be seen is left out."""
    wanted = sorted({run_id for run_id in run_ids if RUN_ID.fullmatch(run_id or "")})
    found = found_runs(connection, wanted) if wanted else []
    return {run.info.run_id: {key: measured(value) for key, value in run.data.metrics.items()} for run in found}
