"""The registry as it is: models, versions, aliases, tags, and every alias move there ever was. No HTTP, no rights."""

import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.workspace import rules
from tests.workspace.wire import RefusedError


def now_ms() -> int:
    """Milliseconds since 1970, as UC's timestamps are."""
    return time.time_ns() // 1_000_000


@dataclass
class Version:
    """One model version. `artifacts` is the local folder its files really live in."""

    model: str
    number: int
    source: str = ""
    run_id: str = ""
    description: str = ""
    status: str = "READY"
    model_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    artifacts: Path | None = None
    deployment_job_state: dict[str, str] | None = None
    created_by: str = ""
    created_ms: int = field(default_factory=now_ms)
    updated_ms: int = field(default_factory=now_ms)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def storage_location(self) -> str:
        return f"s3://loopback-metastore/models/{self.model}/versions/{self.id}"


@dataclass
class Model:
    """One registered model; an alias is a name for a version number."""

    name: str
    owner: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
    deployment_job_id: str = ""
    deployment_job_state: str = ""
    last_number: int = 0
    created_ms: int = field(default_factory=now_ms)
    updated_ms: int = field(default_factory=now_ms)

    def aliases_of(self, number: int) -> list[str]:
        return [alias for alias, version in self.aliases.items() if version == number]


@dataclass(frozen=True)
class AliasMove:
    """An alias write that took effect; `was` or `to` is None where there was, or is, nothing behind it."""

    t: float
    model: str
    alias: str
    was: int | None
    to: int | None
    by: str


@dataclass
class Registry:
    """All models of the metastore and the history of their aliases."""

    models: dict[str, Model] = field(default_factory=dict)
    moves: list[AliasMove] = field(default_factory=list)
    missing_alias_code: str = "RESOURCE_DOES_NOT_EXIST"

    def model(self, name: str) -> Model:
        rules.three_levels(name)
        if name not in self.models:
            raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"Registered model '{name}' does not exist.")
        return self.models[name]

    def version(self, name: str, number: int) -> Version:
        found = self.model(name).versions.get(number)
        if found is None:
            raise RefusedError("RESOURCE_DOES_NOT_EXIST", f"Model version '{name}' version '{number}' does not exist.")
        return found

    def behind(self, name: str, alias: str) -> Version:
        """The version an alias points at."""
        number = self.model(name).aliases.get(alias)
        if number is None:
            raise RefusedError(self.missing_alias_code, f"Alias '{alias}' does not exist on '{name}'.", 404)
        return self.version(name, number)

    def add_model(self, model: Model) -> Model:
        rules.three_levels(model.name)
        if model.name in self.models:
            raise RefusedError("RESOURCE_ALREADY_EXISTS", f"Registered model '{model.name}' already exists.")
        _check_tags(model.tags)
        self.models[model.name] = model
        return model

    def rename(self, model: Model, new_name: str) -> None:
        """Within its schema or to another one; versions and aliases come along."""
        rules.three_levels(new_name)
        if new_name in self.models:
            raise RefusedError("RESOURCE_ALREADY_EXISTS", f"Registered model '{new_name}' already exists.")
        self.models[new_name] = self.models.pop(model.name)
        model.name = new_name
        for version in model.versions.values():
            version.model = new_name

    def delete_model(self, name: str, by: str) -> None:
        for alias in list(self.model(name).aliases):
            self.delete_alias(name, alias, by)
        del self.models[name]

    def add_version(self, name: str, **facts: Any) -> Version:
        """The next version; numbers are never used twice. `facts` are fields of Version."""
        model = self.model(name)
        _check_tags(facts.get("tags", {}))
        model.last_number += 1
        version = Version(name, model.last_number, **facts)
        model.versions[version.number] = version
        return version

    def delete_version(self, name: str, number: int, by: str) -> None:
        """Its aliases go with it."""
        self.version(name, number)
        for alias in self.model(name).aliases_of(number):
            self.delete_alias(name, alias, by)
        del self.model(name).versions[number]

    def set_alias(self, name: str, alias: str, number: int, by: str) -> None:
        """An upsert, last write wins: UC has no compare-and-set either."""
        rules.alias(alias)
        self.version(name, number)
        self._move(name, alias, number, by)

    def delete_alias(self, name: str, alias: str, by: str) -> None:
        self.behind(name, alias)
        self._move(name, alias, None, by)

    def _move(self, name: str, alias: str, to: int | None, by: str) -> None:
        aliases = self.model(name).aliases
        self.moves.append(AliasMove(time.time(), name, alias, aliases.get(alias), to, by))
        if to is None:
            del aliases[alias]
        else:
            aliases[alias] = to


def set_tag(thing: Model | Version, key: str, value: str) -> None:
    """Puts one tag on a model or a version, or refuses it."""
    rules.tag(key, value, thing.tags)
    thing.tags[key] = value
    thing.updated_ms = now_ms()


def _check_tags(tags: dict[str, str]) -> None:
    seen: dict[str, str] = {}
    for key, value in tags.items():
        rules.tag(key, value, seen)
        seen[key] = value
