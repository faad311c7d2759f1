"""What a registry knows: registered models, versions, endpoints, people."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_promotion.core.run_inputs import LoggedInput
from model_promotion.core.stages import stage_of

READY = "READY"


@dataclass(frozen=True)
class RegisteredModel:
    """A registered model: `aliases` maps alias to version number, `stages` stage to its highest version's number."""

    name: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    deployment_job_id: str = ""
    stages: Mapping[str, str] = field(default_factory=dict)

    def at(self, name: str) -> str | None:
        """The number of the version behind an alias, or in a stage written `stage:Production`; None when none is."""
        stage = stage_of(name)
        return self.aliases.get(name) if stage is None else self.stages.get(stage)


@dataclass(frozen=True)
class DeploymentJobState:
    """The Databricks deployment job of one version; `run_state` is the platform's word."""

    job_id: str
    run_state: str
    task: str = ""


@dataclass(frozen=True)
class Version:
    """One version of a registered model. Numbers are strings: sqlite hands out int, REST hands out str."""

    model: str
    number: str
    status: str = READY
    status_message: str = ""
    source: str = ""
    run_id: str = ""
    model_id: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    stage: str = ""
    created_at: float = 0.0
    deployment_job: DeploymentJobState | None = None

    @property
    def label(self) -> str:
        """How a sentence names this version."""
        return f"v{self.number}"


@dataclass(frozen=True)
class Listed:
    """A registered model with its versions, highest number first; or why nothing of it is known but its name."""

    model: RegisteredModel
    versions: tuple[Version, ...] = ()
    not_readable: str = ""


@dataclass(frozen=True)
class RecordedMetrics:
    """The metrics recorded for one version, and the place they were found in (`version`, `run`, ...)."""

    values: Mapping[str, float]
    found_in: str


@dataclass(frozen=True)
class Run:
    """What was noted about the training of a version: its parameters, its tags, and the datasets it logged."""

    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[LoggedInput, ...] = ()
    deleted: bool = False


@dataclass(frozen=True)
class ArtifactFile:
    """One file of a version; `size` in bytes, None when the store does not say."""

    path: str
    size: int | None


@dataclass(frozen=True)
class Identity:
    """Who is calling: `vouched_by` names what stands behind the name; `proven` is whether a registry's login does."""

    name: str
    groups: frozenset[str] = frozenset()
    vouched_by: str = "login name of this machine"
    proven: bool = False


@dataclass(frozen=True)
class Rights:
    """Whether the caller may write: None means that it could not be found out."""

    may_move_aliases: bool | None
    may_set_tags: bool | None
    because: str


@dataclass(frozen=True)
class Endpoint:
    """A serving endpoint that names a model: `serves` maps version number to its traffic in percent."""

    name: str
    serves: Mapping[str, int]
    ready: bool | None
    updating: bool | None
    state: str
