"""Reading a whole registry by pages: the number of requests grows with the pages, not with the versions."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from model_promotion.connections.mlflow import MlflowConnection, every_page

# What every server accepts at most; an MLflow server itself would take 200,000 versions.
MODELS_IN_A_PAGE = 1000
VERSIONS_IN_A_PAGE = 10_000
EXPERIMENTS_IN_A_PAGE = 500
RUNS_IN_A_PAGE = 500
LOGGED_MODELS_IN_A_PAGE = 500
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
    """MLflow's runs of these ids, deleted ones too."""

    def ask(client: Any) -> list[Any]:  # noqa: ANN401 - the client's type lives in mlflow
        from mlflow.entities import ViewType

        experiments, most = _experiments(client), RUNS_IN_A_PAGE
        chunks = [_among("run_id", run_ids[at : at + most]) for at in range(0, len(run_ids), most)]
        return [run for chunk in chunks for run in client.search_runs(experiments, chunk, ViewType.ALL, most)]

    return connection.call("read the runs", ask)


def found_logged_models(connection: MlflowConnection, model_ids: Sequence[str]) -> list[Any]:
    """MLflow's logged models of these ids, with their metrics."""

    def ask(client: Any) -> list[Any]:  # noqa: ANN401 - as above
        experiments, most = _experiments(client), LOGGED_MODELS_IN_A_PAGE
        chunks = [_among("model_id", model_ids[at : at + most]) for at in range(0, len(model_ids), most)]
        return [one for chunk in chunks for one in client.search_logged_models(experiments, chunk, max_results=most)]

    return connection.call("read the logged models", ask)


def _experiments(client: Any) -> list[str]:  # noqa: ANN401 - as above
    """Every experiment there is: a search wants to know where it may look."""
    from mlflow.entities import ViewType

    known = every_page(lambda token: client.search_experiments(ViewType.ALL, EXPERIMENTS_IN_A_PAGE, page_token=token))
    return [experiment.experiment_id for experiment in known]


def _begins_as(pattern: str) -> str | None:
    """The part of a pattern that a registry can search for; what it finds too much is sorted out afterwards."""
    beginning = PLAIN.match(pattern)
    return f"name LIKE '{beginning[0]}%'" if beginning and beginning[0] else None


def _among(key: str, ids: Iterable[str]) -> str:
    """The filter for these; whoever asks has seen to it that each looks like an id."""
    return f"attributes.{key} IN ({', '.join(repr(one) for one in ids)})"
