"""MLflow's entities as ours. Its types are any: what a server leaves out, or spells in its own way, is met here."""

import math
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from model_promotion.core.entities import DeploymentJobState, Listed, RegisteredModel, Version
from model_promotion.core.run_inputs import LoggedInput
from model_promotion.core.stages import Features

BACKUP_TAG = "prev_stage_"
LOGGED_MODEL = re.compile(r"models:/(m-[0-9a-f]{32})")


def model_of(found: Any, features: Features) -> RegisteredModel:  # noqa: ANN401 - mlflow's entity
    """A registered model; `features` are those of its registry."""
    return RegisteredModel(
        name=str(found.name),
        aliases=_aliases(found, features),
        stages={str(one.current_stage): str(one.version) for one in _newest_last(found) if one.current_stage},
        tags=texts(found.tags),
        deployment_job_id=str(getattr(found, "deployment_job_id", None) or ""),
    )


def version_of(found: Any) -> Version:  # noqa: ANN401 - as above
    """A version, its number as text."""
    state = getattr(found, "deployment_job_state", None)
    return Version(
        model=str(found.name),
        number=str(found.version),
        status=str(found.status or ""),
        status_message=str(found.status_message or ""),
        source=str(found.source or ""),
        run_id=str(found.run_id or ""),
        model_id=logged_model_of(found),
        tags=texts(found.tags),
        metrics=by_name(getattr(found, "metrics", None) or ()),
        stage=str(found.current_stage or ""),
        created_at=float(found.creation_timestamp or 0) / 1000,
        deployment_job=_job(state) if state and getattr(state, "job_id", None) else None,
    )


def logged_model_of(found: Any) -> str:  # noqa: ANN401 - as above
    """The id of the logged model behind a version; an SQL store keeps it in the version's source only."""
    named = LOGGED_MODEL.fullmatch(str(found.source or ""))
    return str(getattr(found, "model_id", None) or (named[1] if named else ""))


def listed_of(models: Iterable[RegisteredModel], versions: Iterable[Version]) -> list[Listed]:
    """Each model with its versions, in order."""
    of: dict[str, list[Version]] = {}
    for version in sorted(versions, key=lambda one: -int(one.number)):
        of.setdefault(version.model, []).append(version)
    return [Listed(model, tuple(of.get(model.name, ()))) for model in sorted(models, key=lambda one: one.name)]


def _aliases(found: Any, features: Features) -> dict[str, str]:  # noqa: ANN401 - as above
    """The aliases; where there are none, those that are kept as tags of the same name."""
    if features.aliases:
        return {str(alias): str(number) for alias, number in found.aliases.items()}
    return {key: value for key, value in texts(found.tags).items() if key.startswith(BACKUP_TAG)}


def _newest_last(found: Any) -> list[Any]:  # noqa: ANN401 - as above
    """The newest version of each stage; a registry without stages names none."""
    return sorted(found.latest_versions or (), key=lambda one: int(one.version))


def by_name(metrics: Iterable[Any]) -> dict[str, float]:
    """The newest value of each metric."""
    return {name: measured(metric.value) for name, metric in newest(metrics).items()}


def newest(metrics: Iterable[Any]) -> dict[str, Any]:
    """The newest of each metric; one that was measured on a named dataset is another metric than the others."""
    newest_last = sorted(metrics, key=lambda metric: (metric.step or 0, metric.timestamp or 0))
    named = ((metric, getattr(metric, "dataset_name", None)) for metric in newest_last)
    return {f"{metric.key} [{data}]" if data else str(metric.key): metric for metric, data in named}


def measured(value: float) -> float:
    """The value as it was logged: MLflow keeps infinity as the largest number there is."""
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else float(value)


def as_logged(name: str, value: float, of_run: Mapping[str, float]) -> float:
    """The metric of a version or logged model: an SQL store keeps NaN as 0 there, and in the run that measured it."""
    known = of_run.get(name.split(" [", maxsplit=1)[0], 0.0) if value == 0.0 else value
    return math.nan if math.isnan(known) else value


def _job(state: Any) -> DeploymentJobState:  # noqa: ANN401 - as above
    return DeploymentJobState(str(state.job_id), str(state.run_state or ""), str(state.current_task_name or ""))


def logged_inputs(run: Any) -> tuple[LoggedInput, ...]:  # noqa: ANN401 - as above
    """The datasets that a run logged; the context of each is one of its tags."""
    found = getattr(run.inputs, "dataset_inputs", None) or ()
    return tuple(_logged_input(one.dataset, {tag.key: tag.value for tag in one.tags or ()}) for one in found)


def _logged_input(found: Any, tags: Mapping[str, str]) -> LoggedInput:  # noqa: ANN401 - as above
    parts = (found.source_type, found.source, found.schema, found.profile)
    context = str(tags.get("mlflow.data.context", ""))
    return LoggedInput(str(found.name), str(found.digest), context, *(str(part or "") for part in parts))


def texts(tags: object) -> dict[str, str]:
    """Tags as a mapping; Unity Catalog's search results carry a method in their place."""
    return {str(key): str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
