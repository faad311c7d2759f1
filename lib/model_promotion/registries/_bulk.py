"""Reading a whole registry by pages: the number of requests grows with the pages, not with the versions."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from model_promotion.connections.mlflow import MlflowConnection, every_page

# What every server accepts at most; an MLflow server itself would take 200,000 versions.
MODELS_IN_A_PAGE = 1000
VERSIONS_IN_A_PAGE = 10_000
RUNS_IN_A_PAGE = 500
PLAIN = re.compile(r"""[^*?\[\\'"]*""")


def found_models(connection: MlflowConnection, pattern: str) -> list[Any]:
    """MLflow's registered models whose names begin as the pattern does."""
    return connection.call(
        "list the models",
        lambda client: every_page(
            lambda token: client.search_registered_models(_begins_as(pattern), MODELS_IN_A_PAGE, page_token=token)
        ),
    )


def found_versions(connection: MlflowConnection, pattern: str) -> list[Any]:
    """MLflow's versions of those models; they carry tags, and no aliases."""
    return connection.call(
        "list the versions",
        lambda client: every_page(
            lambda token: client.search_model_versions(_begins_as(pattern), VERSIONS_IN_A_PAGE, page_token=token)
        ),
    )


def found_runs(connection: MlflowConnection, run_ids: Sequence[str]) -> list[Any]:
    """MLflow's runs of these ids; the server wants to know every experiment that they may be in."""

    def ask(client: Any) -> list[Any]:  # noqa: ANN401 - the client's type lives in mlflow
        from mlflow.entities import ViewType

        known = every_page(lambda token: client.search_experiments(ViewType.ALL, RUNS_IN_A_PAGE, page_token=token))
        experiments = [experiment.experiment_id for experiment in known]
        chunks = (run_ids[at : at + RUNS_IN_A_PAGE] for at in range(0, len(run_ids), RUNS_IN_A_PAGE))
        return [
            run
            for chunk in chunks
            for run in client.search_runs(experiments, _among(chunk), ViewType.ALL, RUNS_IN_A_PAGE)
        ]

    return connection.call("read the runs", ask)


def _begins_as(pattern: str) -> str | None:
    """The part of a pattern that a registry can search for; what it finds too much is sorted out afterwards."""
    beginning = PLAIN.match(pattern)
    return f"name LIKE '{beginning[0]}%'" if beginning and beginning[0] else None


def _among(run_ids: Iterable[str]) -> str:
    """Ids are letters and digits; whatever else a version names as its run is not searched for."""
    return f"attributes.run_id IN ({', '.join(repr(run_id) for run_id in run_ids)})"
