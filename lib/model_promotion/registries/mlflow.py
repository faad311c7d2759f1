"""Any registry that MLflow can talk to: an sqlite file, an MLflow server, Databricks Unity Catalog."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model_promotion.connections.mlflow import MlflowConnection, every_page, name_filter
from model_promotion.core.copying import Copy
from model_promotion.core.entities import ArtifactFile, Listed, RecordedMetrics, RegisteredModel, Run, Version
from model_promotion.core.errors import Denied, NotFound, Unavailable
from model_promotion.core.listing import is_pattern, meant
from model_promotion.core.stages import NONE, Features, stage_of
from model_promotion.core.steps import SetAlias, SetTag, Step
from model_promotion.core.trial import one_line
from model_promotion.registries._bulk import found_models, found_versions
from model_promotion.registries._entities import (
    as_logged,
    by_name,
    listed_of,
    logged_inputs,
    measured,
    model_of,
    texts,
    version_of,
)
from model_promotion.registries._one_by_one import all_of, the_one
from model_promotion.registries._scores import Score, scores
from model_promotion.registries.mlflow_copy import copied, uncopied

NO_REGISTRY = "check the address, and any proxy in front of it: that is no registry's answer"


class MlflowRegistry:
    """Reads, and nothing else; see MlflowWriter for the other half."""

    def __init__(self, connection: MlflowConnection, downloads: MlflowConnection | None = None) -> None:
        self._connection = connection
        self._downloads = downloads or connection

    @property
    def address(self) -> str:
        """Where this is, for a person."""
        return str(self._connection.address)

    @property
    def uri(self) -> str:
        """Which registry this is: its address, a file by its whole path."""
        database = self._connection.address.database_file
        return f"sqlite:///{database.resolve()}" if database else self._connection.address.registry_uri

    def model(self, name: str) -> RegisteredModel:
        """The registered model with its aliases: search results are silently empty, and by-alias errors differ."""
        found = self._connection.call(f"read model {name}", lambda client: client.get_registered_model(name))
        if found.name != name:
            # An empty reply with status 200 reads as a model without a name.
            raise Unavailable(f"the registry answered for model {name} with {found.name!r}", hint=NO_REGISTRY)
        return model_of(found, self.features)

    @property
    def features(self) -> Features:
        """Whether it has aliases and stages, by its address."""
        return self._connection.features

    def version(self, name: str, number: str) -> Version:
        """One version, read afresh."""
        found = self._connection.call(
            f"read version {number} of {name}", lambda client: client.get_model_version(name, number)
        )
        if found.name != name or str(found.version) != number:
            raise Unavailable(f"the registry answered for {name} version {number} with {found.name!r}", NO_REGISTRY)
        return version_of(found)

    def versions(self, name: str) -> Sequence[Version]:
        """All versions, highest number first; without tags and aliases in Unity Catalog, whose search omits them."""
        found = self._connection.call(
            f"list the versions of {name}",
            lambda client: every_page(lambda token: client.search_model_versions(name_filter(name), page_token=token)),
        )
        return sorted((version_of(item) for item in found), key=lambda version: -int(version.number))

    def names(self) -> Sequence[str]:
        """The first thousand registered models' names."""
        found = self._connection.call(
            "list the models", lambda client: client.search_registered_models(max_results=1000)
        )
        return [item.name for item in found]

    def catalogue(self, pattern: str = "") -> Sequence[Listed]:
        """The models that are meant with their versions, in as many requests as there are pages of both.

        Unity Catalog's searches leave out aliases and tags and take no filter, so there each model that is meant, and
        each of its versions, is read by itself, several at the same time.
        """
        if self._connection.address.is_unity_catalog:
            return self._one_by_one(pattern)
        raw_models, raw_versions = found_models(self._connection, pattern), found_versions(self._connection, pattern)
        features = self.features
        names = meant(pattern, {one.name for one in raw_models})
        models = [model_of(one, features) for one in raw_models if one.name in names]
        return listed_of(models, map(version_of, raw_versions))

    def _one_by_one(self, pattern: str) -> Sequence[Listed]:
        if not is_pattern(pattern or "*"):
            return the_one(self, pattern)
        names = meant(pattern, {one.name for one in found_models(self._connection, "")})
        return the_one(self, pattern) if names == {pattern} else all_of(self, sorted(names))

    def scores(self, versions: Sequence[Version], metric: str) -> Sequence[Score]:
        """One metric of many versions: their own, else by pages of their logged models and runs."""
        return scores(self._connection, versions, metric)

    def metrics(self, version: Version) -> RecordedMetrics:
        """The version's own metrics, else its logged model's, else its run's, else its numeric tags."""
        if version.metrics:
            return RecordedMetrics(self._as_logged(version, version.metrics), "the version")
        for found_in, read in (("its logged model", self._logged_model_metrics), ("its run", self._run_metrics)):
            try:
                values = read(version)
            except (NotFound, Denied):
                continue  # The run or logged model may live in another workspace: no evidence, which is not zero.
            if values:
                return RecordedMetrics(self._as_logged(version, values), found_in)
        if values := _numbers(version.tags):
            return RecordedMetrics(values, "its tags")
        raise NotFound(f"no metric is recorded for {version.label}")

    def run(self, version: Version) -> Run:
        """The run that made a version, also one that was deleted and is not gone yet."""
        if not version.run_id:
            raise NotFound(f"there is no run behind {version.label}")
        found = self._run(version)
        deleted = found.info.lifecycle_stage == "deleted"
        return Run(texts(found.data.params), texts(found.data.tags), logged_inputs(found), deleted)

    def files(self, version: Version) -> Sequence[ArtifactFile]:
        """The files at the top of a version, with their sizes; nothing is downloaded."""

        def ask(_: Any) -> Sequence[ArtifactFile]:  # noqa: ANN401 - the client is not needed here
            from mlflow.artifacts import list_artifacts

            found = list_artifacts(artifact_uri=_uri(version), tracking_uri=self._connection.address.tracking_uri)
            return [ArtifactFile(item.path, item.file_size) for item in found]

        return self._connection.call(f"list the files of {version.label}", ask)

    def metadata(self, version: Version) -> dict[str, Any]:
        """The content of the MLmodel file: the only file that is downloaded for it."""
        import yaml

        text = self.artifact(version, "MLmodel")
        try:
            content = yaml.safe_load(text.decode())
        except (yaml.YAMLError, ValueError) as error:
            raise NotFound(f"the MLmodel of {version.label} is not YAML: {one_line(str(error))}") from error
        if not isinstance(content, dict):
            raise NotFound(f"the MLmodel of {version.label} is not a mapping")
        return content

    def artifact(self, version: Version, name: str) -> bytes:
        """The content of one file, the only one that is downloaded for it."""

        def ask(_: Any) -> bytes:  # noqa: ANN401 - as above
            from mlflow.artifacts import download_artifacts

            with tempfile.TemporaryDirectory() as folder:
                return Path(download_artifacts(artifact_uri=f"{_uri(version)}/{name}", dst_path=folder)).read_bytes()

        return self._connection.call(f"read the {name} of {version.label}", ask)

    def download(self, version: Version, into: Path) -> Path:
        """All files of a version, in a folder below `into`."""

        def ask(_: Any) -> Path:  # noqa: ANN401 - as above
            from mlflow.artifacts import download_artifacts

            return Path(download_artifacts(artifact_uri=_uri(version), dst_path=str(into)))

        return self._downloads.call(f"download {version.label}", ask)

    def _logged_model_metrics(self, version: Version) -> dict[str, float]:
        if not version.model_id:
            return {}
        found = self._connection.call(
            f"read the metrics of {version.label}", lambda client: client.get_logged_model(version.model_id)
        )
        return by_name(found.metrics or ())

    def _run_metrics(self, version: Version) -> dict[str, float]:
        if not version.run_id:
            return {}
        return {key: measured(value) for key, value in self._run(version).data.metrics.items()}

    def _as_logged(self, version: Version, values: Mapping[str, float]) -> Mapping[str, float]:
        """The metrics of a version or logged model, where an SQL store keeps NaN as 0: what was NaN tells the run."""
        if 0.0 not in values.values():
            return values
        try:
            logged = self._run_metrics(version)
        except (NotFound, Denied):
            return values
        return {key: as_logged(key, value, logged) for key, value in values.items()}

    def _run(self, version: Version) -> Any:  # noqa: ANN401 - mlflow's entity
        what = f"read the run of {version.label}"
        return self._connection.call(what, lambda client: client.get_run(version.run_id))


class MlflowWriter:
    """The writes: aliases, tags, and copies of versions."""

    def __init__(self, connection: MlflowConnection, uploads: MlflowConnection | None = None) -> None:
        self._connection = connection
        self._uploads = uploads or connection
        self._made_for: set[str] = set()

    def write(self, step: Step) -> None:
        """Send one write; a move between stages may take two."""
        if isinstance(step, SetAlias) and not (stage_of(step.alias) or self._connection.features.aliases):
            step = SetTag(step.model, step.alias, step.was, step.to)
        self._connection.call(f"write {step.sentence}", lambda client: _send(client, step))

    def copy(self, copy: Copy) -> str:
        """Make the copy; a large one takes longer than the registry may."""
        return self._uploads.call(
            f"copy {copy.origin} to {copy.model}", lambda client: copied(client, copy, self._made_for)
        )

    def uncopy(self, copy: Copy) -> str | None:
        """Delete it, and its model if that is empty and was made for it; its number if it is whole."""
        made_model = copy.id in self._made_for
        return self._connection.call(
            f"take away the copy of {copy.origin}", lambda client: uncopied(client, copy, made_model=made_model)
        )

    def delete(self, version: Version) -> None:
        """Delete a version, for good."""
        self._connection.call(
            f"delete {version.label} of {version.model}",
            lambda client: client.delete_model_version(version.model, version.number),
        )


def _move_stage(client: Any, step: SetAlias, stage: str) -> None:  # noqa: ANN401 - the client's type lives in mlflow
    """In one request where the version that leaves goes to the archive, which is what MLflow does with it."""
    if step.to is not None:
        client.transition_model_version_stage(step.model, step.to, stage, archive_existing_versions=True)
    if step.was is not None and (step.to is None or step.returns):
        client.transition_model_version_stage(step.model, step.was, step.leaves_to or NONE)


def _send(client: Any, step: Step) -> None:  # noqa: ANN401 - the client's type lives in mlflow
    match step:
        case SetAlias(alias=alias) if stage := stage_of(alias):
            _move_stage(client, step, stage)
        case SetAlias(model, alias, _, None):
            client.delete_registered_model_alias(model, alias)
        case SetAlias(model, alias, _, to):
            client.set_registered_model_alias(model, alias, to)
        case SetTag(model, key, _, None, None):
            client.delete_registered_model_tag(model, key)
        case SetTag(model, key, _, to, None):
            client.set_registered_model_tag(model, key, to)
        case SetTag(model, key, _, None, version):
            client.delete_model_version_tag(model, version, key)
        case SetTag(model, key, _, to, version):
            client.set_model_version_tag(model, version, key, to)


def _uri(version: Version) -> str:
    return f"models:/{version.model}/{version.number}"


def _numbers(tags: dict[str, str] | Any) -> dict[str, float]:  # noqa: ANN401 - a mapping of tags
    found: dict[str, float] = {}
    for key, value in tags.items():
        try:
            found[key] = float(value)
        except ValueError:
            continue
    return found
