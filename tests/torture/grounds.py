"""Where kills happen: a model in the loopback workspace, or in an sqlite file; the same questions to both."""

import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.e2e import registry
from tests.e2e.conftest import QUICK
from tests.e2e.program import Result, clean_env, inside
from tests.torture.forks import Forks
from tests.workspace import DROP, Call, Workspace
from tests.workspace.seed import seed


class Ground(Protocol):
    """One model, champion 1 and staging 2, and the program pointed at it."""

    model: str
    cwd: Path

    def ask(self, *args: str) -> Result: ...

    def killed_at(self, k: int, when: Any, *args: str) -> bool:
        """Whether the process got as far as its k-th write, and so was killed there."""

    @property
    def aliases(self) -> dict[str, int]: ...

    @property
    def tags(self) -> dict[str, str]: ...

    @property
    def held(self) -> set[int]: ...

    @property
    def ready(self) -> set[int]: ...


@dataclass
class Loopback:
    """Unity Catalog over HTTP; every writing request counts, those of the record too."""

    workspace: Workspace
    forks: Forks
    cwd: Path
    model: str
    settings: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        return clean_env(self.cwd, **self.workspace.env(**self.settings))

    def ask(self, *args: str) -> Result:
        return inside([self.model, *args, "--json"], self.env, self.cwd)

    def killed_at(self, k: int, when: Any, *args: str) -> bool:
        child = self.forks.child([self.model, *args, "--json"], self.env, self.cwd)

        def kill(_: Call) -> str:
            child.kill()
            return DROP

        self.workspace.faults.on_write(k, kill, when=when)
        ended = child.go().ended()
        self.workspace.faults.clear()
        assert ended.code in (0, 1, -9), ended.all
        return ended.code == -9

    @property
    def aliases(self) -> dict[str, int]:
        return self.workspace.aliases(self.model)

    @property
    def tags(self) -> dict[str, str]:
        return self.workspace.tags(self.model)

    @property
    def held(self) -> set[int]:
        return {number for number in self.ready if "promotion_hold" in self.workspace.tags(self.model, number)}

    @property
    def ready(self) -> set[int]:
        versions = self.workspace.registry.model(self.model).versions
        return {number for number, version in versions.items() if version.status == "READY"}


def loopback(workspace: Workspace, forks: Forks, folder: Path, **settings: str) -> Loopback:
    """A model of its own."""
    name = f"churn_{uuid.uuid4().hex[:8]}"
    seed(workspace, folder / name / "models", f"main.ml.{name}")
    cwd = folder / name / "cwd"
    cwd.mkdir()
    return Loopback(workspace, forks, cwd, f"main.ml.{name}", {**QUICK, **settings})


@dataclass
class Sqlite:
    """The embedded registry; every transaction counts, those of the record too."""

    forks: Forks
    cwd: Path
    model: str = registry.MODEL

    @property
    def env(self) -> dict[str, str]:
        return clean_env(self.cwd)

    def ask(self, *args: str) -> Result:
        return inside([self.model, *args, "--json"], self.env, self.cwd)

    def killed_at(self, k: int, when: Any, *args: str) -> bool:
        child = self.forks.child([self.model, *args, "--json"], self.env, self.cwd, die_at=k, when=when)
        ended = child.go().ended()
        assert ended.code in (0, 1, -9), ended.all
        return ended.code == -9

    def _rows(self, statement: str) -> list[Any]:
        with sqlite3.connect(self.cwd / "mlflow.db") as db:
            return db.execute(statement, [self.model]).fetchall()

    @property
    def aliases(self) -> dict[str, int]:
        return dict(self._rows("select alias, version from registered_model_aliases where name = ?"))

    @property
    def tags(self) -> dict[str, str]:
        return dict(self._rows("select key, value from registered_model_tags where name = ?"))

    @property
    def held(self) -> set[int]:
        told = "select version from model_version_tags where key = 'promotion_hold' and name = ?"
        return {number for (number,) in self._rows(told)}

    @property
    def ready(self) -> set[int]:
        told = "select version from model_versions where status = 'READY' and name = ?"
        return {number for (number,) in self._rows(told)}


def sqlite(template: Path, forks: Forks, folder: Path) -> Sqlite:
    """A copy of its own."""
    return Sqlite(forks, registry.copied(template, folder / uuid.uuid4().hex[:8]))
