"""What is asked of a registry, what is written there, and who is calling."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from model_promotion.core.copying import Copy
from model_promotion.core.entities import (
    ArtifactFile,
    Identity,
    Listed,
    RecordedMetrics,
    RegisteredModel,
    Rights,
    Run,
    Version,
)
from model_promotion.core.stages import Features
from model_promotion.core.steps import Step


class RegistryReader(Protocol):
    """What can be asked of a registry. Every method raises NotFound, Denied or Unavailable."""

    @property
    def address(self) -> str:
        """Where this is, for a person: registry and tracking address."""
        ...

    @property
    def uri(self) -> str:
        """Which registry this is, to be compared."""
        ...

    @property
    def features(self) -> Features:
        """Whether it has aliases and stages."""
        ...

    def model(self, name: str) -> RegisteredModel:
        """The registered model with its aliases, stages and tags, read afresh."""
        ...

    def version(self, name: str, number: str) -> Version:
        """One version, read afresh."""
        ...

    def versions(self, name: str) -> Sequence[Version]:
        """All versions of a model, highest number first."""
        ...

    def names(self) -> Sequence[str]:
        """Registered models' names, at least the first page of them."""
        ...

    def catalogue(self, pattern: str = "") -> Sequence[Listed]:
        """Every model, or those that a name or pattern means, with all versions; read by pages, sorted by name.

        A model that a pattern means but that may not be read is among them, with the reason; one that was named raises.
        """
        ...

    def scores(self, versions: Sequence[Version], metric: str) -> Sequence[tuple[float, str] | None]:
        """One metric of many versions, and where it was found: the version itself, else its logged model, else its run.

        Read by pages. What may not be seen is as if it were not there: None.
        """
        ...

    def metrics(self, version: Version) -> RecordedMetrics:
        """The metrics recorded for a version; NotFound when there are none."""
        ...

    def run(self, version: Version) -> Run:
        """The run that made a version; NotFound when there is none."""
        ...

    def files(self, version: Version) -> Sequence[ArtifactFile]:
        """The files of a version, without downloading them."""
        ...

    def metadata(self, version: Version) -> dict[str, Any]:
        """The content of the version's MLmodel file."""
        ...

    def artifact(self, version: Version, name: str) -> bytes:
        """The content of one small file of a version; that there is none may also come as Unavailable."""
        ...

    def download(self, version: Version, into: Path) -> Path:
        """All files of a version, in a folder below `into`."""
        ...


class RegistryWriter(Protocol):
    """The only door through which a registry is changed."""

    def write(self, step: Step) -> None:
        """Send one write. A lost reply raises Unavailable: whether it took effect is for the reader to find out."""
        ...

    def copy(self, copy: Copy) -> str:
        """Make a new version as the copy says, and its registered model if there is none; the answer is its number.

        What fails leaves neither a model without a version nor an unfinished version behind; what is cut off may.
        """
        ...

    def uncopy(self, copy: Copy) -> str | None:
        """Take away what a copy that was cut off left, with the model made for it; its number if it is whole."""
        ...

    def delete(self, version: Version) -> None:
        """Delete a version: no step, because nothing can undo it."""
        ...


class Access(Protocol):
    """Who we are, and what we may do."""

    def me(self) -> Identity:
        """The caller, as the registry's own login knows them where it has one."""
        ...

    def rights(self, model: str) -> Rights:
        """Whether the caller may move this model's aliases and set its tags."""
        ...

    def may_execute(self, model: str, who: str) -> bool | None:
        """Whether somebody may run this model; None where that is not known."""
        ...
