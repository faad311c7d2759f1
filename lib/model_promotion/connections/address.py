"""Which registry, and the tracking store that goes with it."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from model_promotion.core.stages import Features

BROKEN_STAGES = ((3, 0, 0), (3, 5, 0))
AT_ONCE_IN_FILES = 8
EMBEDDED = "sqlite:///mlflow.db"


@dataclass(frozen=True)
class Address:
    """The registry's and the tracking store's URI, as MLflow writes them, and where the choice came from."""

    registry_uri: str
    tracking_uri: str
    chosen_by: str = "default"

    @property
    def is_databricks(self) -> bool:
        """Whether a Databricks workspace is behind it."""
        return self.registry_uri.split("://")[0] in ("databricks", "databricks-uc")

    @property
    def is_unity_catalog(self) -> bool:
        """Whether names have three levels and tags have rules."""
        return self.registry_uri.split("://")[0] == "databricks-uc"

    def features(self, mlflow_version: str) -> Features:
        """Whether this registry has aliases and stages (source: the stores of MLflow 3.17, and mlflow#18352)."""
        match self.registry_uri.partition(":")[0]:
            case "databricks-uc":
                return Features(stages=False, because="Unity Catalog has no stages")
            case "databricks":
                return Features(aliases=False, because="the workspace registry of Databricks has no aliases")
            case "uc":
                return Features(aliases=False, stages=False, because="Unity Catalog OSS has neither aliases nor stages")
        # A file lets one writer in at a time; more of them than this wait until the registry's time is up.
        most = AT_ONCE_IN_FILES if self.in_files or self.database_file else Features.at_once
        if self.in_files and BROKEN_STAGES[0] <= _numbers(mlflow_version) <= BROKEN_STAGES[1]:
            why = f"MLflow {mlflow_version} cannot move stages in files, 3.5.1 can"
            return Features(stages=False, because=why, at_once=most)
        return Features(at_once=most)

    @property
    def in_files(self) -> bool:
        """Whether it is MLflow's old store of folders and YAML files."""
        return "://" not in self.registry_uri or self.registry_uri.startswith("file:")

    @property
    def folder(self) -> Path | None:
        """The folder of such a store."""
        path = unquote(self.registry_uri.removeprefix("file:"))
        return Path(re.sub("^//[^/]*", "", path)) if self.in_files and not self.is_databricks else None

    @property
    def is_server(self) -> bool:
        """Whether an MLflow server is behind it: only a server can have users of its own."""
        return self.registry_uri.startswith(("http://", "https://"))

    @property
    def profile(self) -> str | None:
        """The profile of ~/.databrickscfg that is named, if one is."""
        return self.registry_uri.partition("://")[2] or None if self.is_databricks else None

    @property
    def database_file(self) -> Path | None:
        """The file of an sqlite registry."""
        prefix = "sqlite:///"
        return (
            Path(self.registry_uri.removeprefix(prefix).partition("?")[0])
            if self.registry_uri.startswith(prefix)
            else None
        )

    def __str__(self) -> str:
        if self.database_file:
            where = f"sqlite file {self.database_file.absolute()}"
            where += "" if self.tracking_uri == self.registry_uri else f", tracking {self.tracking_uri}"
        else:
            where = f"registry {self.registry_uri}, tracking {self.tracking_uri}"
        return f"{where} (from {self.chosen_by})"


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", release)[:3])


def resolve(registry_uri: str | None, tracking_uri: str | None, chosen_by: str) -> Address:
    """The pair of URIs: the one that is missing follows the one that is given.

    A registry in Unity Catalog keeps its runs in the workspace; MLflow itself would open ./mlflow.db for them.
    """
    if registry_uri and not tracking_uri:
        scheme, mark, profile = registry_uri.partition("://")
        tracking_uri = f"databricks{mark}{profile}" if scheme == "databricks-uc" else registry_uri
    if tracking_uri and not registry_uri:
        scheme, mark, profile = tracking_uri.partition("://")
        registry_uri = f"databricks-uc{mark}{profile}" if scheme == "databricks" else tracking_uri
    return Address(registry_uri or EMBEDDED, tracking_uri or EMBEDDED, chosen_by)
