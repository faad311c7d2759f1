"""Every door to the outside, on one page. Adapters live in the rooms above; a memory member is in each family."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from model_promotion.core.answers import Asked, Look
from model_promotion.core.copying import Copy
from model_promotion.core.dataset import Dataset
from model_promotion.core.deployment import Deployment, ServingStep
from model_promotion.core.entities import (
    ArtifactFile,
    Endpoint,
    Identity,
    Listed,
    RecordedMetrics,
    RegisteredModel,
    Rights,
    Run,
    Version,
)
from model_promotion.core.event import Event
from model_promotion.core.exam import Case, Exam
from model_promotion.core.finding import Finding, Weight
from model_promotion.core.load import Destination, Load, LoadRun
from model_promotion.core.payloads import Payload
from model_promotion.core.record import Line, Record, Stored
from model_promotion.core.scores import Answers, Order
from model_promotion.core.sql import Answer, Statement
from model_promotion.core.stages import Features
from model_promotion.core.steps import Step
from model_promotion.core.trial import Trial, TrialResult

if TYPE_CHECKING:
    from model_promotion.evidence.profiling import Counts, Edges
    from model_promotion.evidence.tables import PairTables, Question, Target
    from model_promotion.witness import Witness


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


class Serving(Protocol):
    """The endpoints that answer requests with registered models."""

    @property
    def scope(self) -> str:
        """How far this looks: for example 'this workspace'."""
        ...

    def endpoints(self, model: str, *, on_their_way: bool = False) -> Sequence[Endpoint]:
        """The endpoints within scope that name the model; those it is only on its way to are asked for by name."""
        ...

    def target(self, name: str, entity: str) -> Destination:
        """Where requests for one entity go, past the routes; without one, to whoever's turn it is. Raises as below."""
        ...

    def deployment(self, name: str) -> Deployment:
        """What one endpoint serves, read afresh. Raises NotFound, Denied or Unavailable."""
        ...

    def metrics(self, name: str) -> str:
        """What an endpoint says of its last minute, as Prometheus text. Raises NotFound, Denied or Unavailable."""
        ...


class Endpoints(Serving, Protocol):
    """The only door through which endpoints are changed."""

    def write(self, step: ServingStep) -> None:
        """Send one change; reading tells when it serves, and what became of it when its reply was lost."""
        ...


class Servers(Protocol):
    """Scoring servers, each by its address."""

    def look(self, address: str) -> Look:
        """Whether it is there."""
        ...

    def target(self, address: str) -> Destination:
        """Where load goes."""
        ...


class Loader(Protocol):
    """Sends requests at a fixed rate, however slowly they are answered."""

    def run(self, load: Load) -> LoadRun:
        """What became of each."""
        ...

    def ask(self, where: Destination, payload: Payload) -> Asked:
        """One request; whatever goes wrong with it is in the answer."""
        ...

    def stop(self) -> None:
        """Send nothing more."""
        ...


class RecordReader(Protocol):
    """What can be asked of a journal."""

    def lines(self, model: str) -> Sequence[Line]:
        """The short form of a model's records, oldest first."""
        ...

    def stored(self, model: str) -> Sequence[Stored]:
        """A model's records in full, oldest first."""
        ...

    def models(self) -> Sequence[str]:
        """The models that have records."""
        ...

    def beside(self, line: Line, name: str) -> bytes | None:
        """A file that was kept beside a record; None where there is none, or one too large to be ours."""
        ...


class Journal(RecordReader, Protocol):
    """Where records are kept."""

    @property
    def place(self) -> str:
        """Where this is, for a person."""
        ...

    def append(self, record: Record) -> str:
        """Store a record and the files beside it; the answer says where it lies."""
        ...


class SpareJournal(Journal, Protocol):
    """Where records go that the journal cannot take, and what must outlive us if we are cut off."""

    def keep(self, work: str, facts: Sequence[Mapping[str, Any]]) -> None:
        """Keep what a piece of work is about to delete."""
        ...

    def kept(self, work: str) -> Sequence[Mapping[str, Any]]:
        """What was kept for a piece of work; nothing where nothing was."""
        ...


class Scorer(Protocol):
    """Runs a model outside this process."""

    def run(self, trial: Trial) -> TrialResult:
        """What the model did; whatever goes wrong in it is in the result."""
        ...

    def examine(self, exam: Exam) -> Sequence[Case]:
        """What came of every case that the model was tried on, and of the team's own tests."""
        ...

    def stop(self) -> None:
        """End every run that is under way."""
        ...


class Scores(Protocol):
    """Models that score many rows outside this process."""

    def scoring(self, order: Order) -> AbstractContextManager[Iterable[Answers]]:
        """One model at work; its answers come in the order of the rows, as it gives them. Raises NoAnswerError."""
        ...

    def abroad(self, order: Order) -> "Abroad":
        """One model, to be asked on other machines. Raises NoAnswerError where it must not be loaded."""
        ...


class Abroad(Protocol):
    """A model that other machines can ask, in a process of its own there; it can be pickled."""

    def answering(self, model_dir: Path) -> AbstractContextManager["Asking"]:
        """The model at work, whose files are in that folder now."""
        ...


class Asking(Protocol):
    """A model that is asked batch by batch."""

    def give(self, rows: Any) -> None:  # noqa: ANN401 - an Arrow batch
        """The next rows."""
        ...

    def take(self) -> Answers:
        """The answers to them. Raises NoAnswerError."""
        ...

    def finish(self) -> None:
        """There are no more. Raises NoAnswerError."""
        ...


class Data(Protocol):
    """Data that an engine has opened. No row leaves it but a few for a team's own tests, and answers with labels."""

    @property
    def columns(self) -> Sequence[str]:
        """Every column's name."""
        ...

    @property
    def kinds(self) -> "Mapping[str, str]":
        """Of each column what it holds: number, text, truth value, time, or binary, nested or other value."""
        ...

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    def digest(self) -> str:
        """What tells these very rows from others."""
        ...

    def write_head(self, rows: int, path: Path) -> None:
        """The first rows, with all their columns, as one Parquet file."""
        ...

    def texts(self, columns: Sequence[str]) -> Iterable[tuple[str | None, ...]]:
        """These columns of every row, missing values as None. Raises BadCall for a column that is not there."""
        ...

    def target(self) -> "Target":
        """What the column of the truth holds."""
        ...

    def fit_edges(self) -> "Edges":
        """Edges for every column that can be counted, from a sample of the rows."""
        ...

    def levels(self, columns: Sequence[str]) -> "Mapping[str, tuple[str, ...]]":
        """Of each column its different values in all rows, as texts, the most frequent first, then by name.

        A missing value is the level "(null)". At most evidence.slicing.MOST_LEVELS + 1 of them: one more than rows may
        be sliced by tells that there are too many.
        """
        ...

    def profile(self, edges: "Edges") -> "Mapping[str, Counts]":
        """What the columns of these edges hold, by column. Raises NotFound for one that is not there."""
        ...

    def score_pair(self, question: "Question", orders: tuple[Order, Order]) -> "PairTables":
        """What champion and candidate answer to every row, counted; orders name no files. Raises NoAnswerError."""
        ...


class Statements(Protocol):
    """SQL that is run where the tables are."""

    def answer(self, statement: Statement) -> Answer:
        """What it answers. Raises NotFound, Denied, Unavailable, TimedOut or BadCall."""
        ...


class Means(Protocol):
    """What an engine may work with."""

    @property
    def scores(self) -> Scores:
        """Models, in processes of their own."""
        ...

    @property
    def statements(self) -> Statements:
        """A SQL warehouse."""
        ...


class Engine(Protocol):
    """Where data is counted."""

    def capabilities(self) -> Mapping[str, str]:
        """What the record says of it beside its name: what counts, in which version, and where. It may be started."""
        ...

    def open(self, dataset: Dataset) -> AbstractContextManager[Data]:
        """The data of that name. Raises NotFound, Denied, Unavailable or BadCall."""
        ...


class Clock(Protocol):
    """Time, so that tests need none."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def sleep(self, wait_s: float) -> None:
        """Wait."""
        ...


class Owner(Protocol):
    """Whose work it is."""

    @property
    def name(self) -> str:
        """This process, without naming a person."""
        ...

    def is_gone(self, name: str) -> bool:
        """Whether the process of that name has certainly ended."""
        ...


class Voice(Protocol):
    """What the program says while it works."""

    def tell(self, event: Event) -> None:
        """Say one line."""
        ...

    def during(self, sentence: str) -> AbstractContextManager[None]:
        """Show that something is going on, should it take longer than a second."""
        ...


class Check(Protocol):
    """One question about a promotion."""

    @property
    def name(self) -> str:
        """Its file's name."""
        ...

    @property
    def topic(self) -> str:
        """The word in brackets before its answer."""
        ...

    @property
    def weight(self) -> Weight:
        """What its failing means."""
        ...

    def ask(self, witness: "Witness") -> Finding | None:
        """The answer; None when the question does not arise."""
        ...
