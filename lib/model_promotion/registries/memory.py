"""A registry in memory: the double for tests of flows and checks, with the rules that a real one has."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from model_promotion.core.copying import COPY_TAG, Copy
from model_promotion.core.entities import ArtifactFile, Listed, RecordedMetrics, RegisteredModel, Run, Version
from model_promotion.core.errors import Denied, NotFound
from model_promotion.core.listing import meant
from model_promotion.core.stages import ARCHIVED, Features, stage_of
from model_promotion.core.steps import SetAlias, SetTag, Step


class MemoryRegistry:
    """Models and versions in dictionaries.

    `metadata_of` and `run_of` are keyed by version number, `artifact_of` by that and the file's name, `metrics_of` by
    run; `hidden` says by model why it cannot be read.
    """

    address = "memory"
    uri = "memory"
    features = Features()

    def __init__(self) -> None:
        self.models: dict[str, RegisteredModel] = {}
        self.known: dict[tuple[str, str], Version] = {}
        self.metadata_of: dict[str, dict[str, Any]] = {}
        self.metrics_of: dict[str, dict[str, float]] = {}
        self.run_of: dict[str, Run] = {}
        self.artifact_of: dict[tuple[str, str], bytes] = {}
        self.hidden: dict[str, str] = {}
        self.folder: Path | None = None

    def add(self, version: Version, *aliases: str, metadata: dict[str, Any] | None = None) -> None:
        """Register a version, and point aliases at it."""
        model = self.models.get(version.model, RegisteredModel(version.model))
        moved = {**model.aliases, **dict.fromkeys(aliases, version.number)}
        self.models[version.model] = replace(model, aliases=moved)
        self.known[version.model, version.number] = version
        self.metadata_of[version.number] = metadata if metadata is not None else {"flavors": {"python_function": {}}}

    def model(self, name: str) -> RegisteredModel:
        """The registered model as it is now."""
        if name in self.hidden:
            raise Denied(self.hidden[name])
        if name not in self.models:
            raise NotFound(f"could not read model {name}: it does not exist")
        # As MLflow does: of the versions in a stage it names the one with the highest number.
        stages = {version.stage: version.number for version in reversed(self._known(name)) if version.stage}
        return replace(self.models[name], stages=stages)

    def version(self, name: str, number: str) -> Version:
        """One version."""
        if (name, number) not in self.known:
            raise NotFound(f"could not read version {number} of {name}: it does not exist")
        return self.known[name, number]

    def versions(self, name: str) -> Sequence[Version]:
        """All versions, highest number first."""
        return self._known(name)

    def _known(self, name: str) -> list[Version]:
        found = [version for (model, _), version in self.known.items() if model == name]
        return sorted(found, key=lambda version: -int(version.number))

    def names(self) -> Sequence[str]:
        """The models' names."""
        return sorted(self.models)

    def catalogue(self, pattern: str = "") -> Sequence[Listed]:
        """The models that are meant with their versions."""
        return [self._listed(name, pattern) for name in sorted(meant(pattern, self.models))]

    def _listed(self, name: str, pattern: str) -> Listed:
        if name in self.hidden and name != pattern:
            return Listed(RegisteredModel(name), not_readable=self.hidden[name])
        return Listed(self.model(name), tuple(self.versions(name)))

    def scores(self, versions: Sequence[Version], metric: str) -> Sequence[tuple[float, str] | None]:
        """The versions' own, else what was given as their runs'."""
        places = [
            ((version.metrics, "the version"), (self.metrics_of.get(version.run_id, {}), "its run"))
            for version in versions
        ]
        return [next(((held[metric], where) for held, where in of if metric in held), None) for of in places]

    def metrics(self, version: Version) -> RecordedMetrics:
        """The metrics of the version itself, else those given as its run's."""
        if version.metrics:
            return RecordedMetrics(version.metrics, "the version")
        if version.run_id not in self.metrics_of:
            raise NotFound(f"no metric is recorded for {version.label}")
        return RecordedMetrics(self.metrics_of[version.run_id], "its run")

    def run(self, version: Version) -> Run:
        """What was put there for it."""
        if version.number not in self.run_of:
            raise NotFound(f"there is no run behind {version.label}")
        return self.run_of[version.number]

    def files(self, version: Version) -> Sequence[ArtifactFile]:
        """One MLmodel file."""
        return [ArtifactFile("MLmodel", 100)] if version.number in self.metadata_of else []

    def metadata(self, version: Version) -> dict[str, Any]:
        """What was given with the version."""
        if version.number not in self.metadata_of:
            raise NotFound(f"could not read the MLmodel of {version.label}: it does not exist")
        return self.metadata_of[version.number]

    def artifact(self, version: Version, name: str) -> bytes:
        """What was put there under its number and name."""
        if (version.number, name) not in self.artifact_of:
            raise NotFound(f"could not read {name} of {version.label}: it does not exist")
        return self.artifact_of[version.number, name]

    def download(self, version: Version, into: Path) -> Path:
        """An empty folder of the version's own."""
        path = into / version.number
        path.mkdir(parents=True)
        return path


class MemoryWriter:
    """Writes into a MemoryRegistry, and keeps every step it was given."""

    def __init__(self, registry: MemoryRegistry) -> None:
        self._registry = registry
        self.written: list[Step] = []

    def write(self, step: Step) -> None:
        """Change the registry as a real one would."""
        self.written.append(step)
        model = self._registry.model(step.model)
        if isinstance(step, SetAlias) and stage_of(step.alias):
            self._move_stage(step, str(stage_of(step.alias)))
        elif isinstance(step, SetAlias):
            if step.to is not None:
                self._registry.version(step.model, step.to)
            self._registry.models[step.model] = replace(model, aliases=_changed(model.aliases, step.alias, step.to))
        elif step.version is None:
            self._registry.models[step.model] = replace(model, tags=_changed(model.tags, step.key, step.to))
        else:
            self._tag_version(step, self._registry.version(step.model, step.version))

    def copy(self, copy: Copy) -> str:
        """A new version with the source's files, run and metrics."""
        source = self._registry.version(copy.source, copy.number)
        number = str(max((int(one.number) for one in self._registry.versions(copy.model)), default=0) + 1)
        made = replace(source, model=copy.model, number=number, tags=copy.tags(source.tags), source=copy.address)
        self._registry.add(made, metadata=self._registry.metadata_of.get(copy.number))
        return number

    def uncopy(self, copy: Copy) -> str | None:
        """A copy in memory is whole as soon as it is there."""
        there = self._registry.versions(copy.model)
        return next((one.number for one in there if one.tags.get(COPY_TAG) == copy.id), None)

    def delete(self, version: Version) -> None:
        """Delete a version, and the aliases on it."""
        model = self._registry.models[version.model]
        left = {alias: number for alias, number in model.aliases.items() if number != version.number}
        self._registry.models[version.model] = replace(model, aliases=left)
        del self._registry.known[version.model, version.number]

    def _move_stage(self, step: SetAlias, stage: str) -> None:
        inside = [version for version in self._registry.versions(step.model) if version.stage == stage]
        for version in inside if step.to else ():
            self._registry.known[step.model, version.number] = replace(version, stage=ARCHIVED)
        for number, where in ((step.to, stage), (step.was, step.leaves_to)):
            if number and (where == stage or where not in ("", ARCHIVED)):
                version = self._registry.version(step.model, number)
                self._registry.known[step.model, number] = replace(version, stage=where)

    def _tag_version(self, step: SetTag, version: Version) -> None:
        tagged = replace(version, tags=_changed(version.tags, step.key, step.to))
        self._registry.known[version.model, version.number] = tagged


def _changed(held: Any, key: str, to: str | None) -> dict[str, str]:  # noqa: ANN401 - a mapping of texts
    rest = {name: value for name, value in held.items() if name != key}
    return rest if to is None else {**rest, key: to}
