"""Records as MLflow runs: one run per record, its exact text in the artifact outcome.json."""

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

from model_promotion.connections.address import Address
from model_promotion.connections.mlflow import MlflowConnection, every_page
from model_promotion.core.errors import NotFound, Unavailable
from model_promotion.core.jsonable import jsonable
from model_promotion.core.policy import DEFAULT_EXPERIMENT
from model_promotion.core.record import MOST_KEPT_BYTES, Line, Moved, Record, Stored, body_of, kept_of
from model_promotion.together import both, together

ARTIFACT = "outcome.json"
ARTIFACT_FOLDER = "promotion-records"
PARAM_LIMIT = 500
TAG_LIMIT = 4000
PAGE = 1000
RUN_ID = re.compile(r"[0-9a-f]{32}")


class MlflowJournal:
    """Writes and reads the runs of one experiment."""

    def __init__(self, connection: MlflowConnection, experiment: str = "") -> None:
        self._connection = connection
        self.experiment = experiment or default_experiment(connection.address)

    @property
    def place(self) -> str:
        """The experiment, for a person."""
        return f"MLflow experiment {self.experiment}"

    def append(self, record: Record) -> str:
        """Store a record; the answer is the run's id."""
        return self._connection.call("write the record", lambda client: self._append(client, record))

    def lines(self, model: str) -> Sequence[Line]:
        """The short form of a model's records, from the runs' tags alone."""
        return sorted((_line(run) for run in self._runs(model)), key=lambda line: line.number)

    def stored(self, model: str) -> Sequence[Stored]:
        """A model's records in full, as their artifacts hold them; one whose artifact was removed is left out."""
        runs = sorted(self._runs(model), key=lambda run: _line(run).number)
        ids = [str(run.info.run_id) for run in runs]
        texts = together([partial(self._text, run_id) for run_id in ids])
        return [Stored(run_id, text) for run_id, text in zip(ids, texts, strict=True) if text is not None]

    def models(self) -> Sequence[str]:
        """The models that have records."""
        runs = self._runs("")
        return sorted({run.data.tags.get("promotion.model", "") for run in runs} - {""})

    def _append(self, client: Any, record: Record) -> str:  # noqa: ANN401 - the client's type lives in mlflow
        from mlflow.entities import Metric, Param

        experiment_id = self._experiment_id(client) or self._made_experiment(client)
        name = f"{record.kind} {record.model} #{record.number}"
        tags = {key: value[:TAG_LIMIT] for key, value in _tags(record).items()}
        run_id: str = client.create_run(experiment_id, tags=tags, run_name=name).info.run_id
        at_ms = int(record.at * 1000)
        metrics = [Metric(key, value, at_ms, 0) for key, value in _metrics(record).items()]
        params = [Param(key, value[:PARAM_LIMIT]) for key, value in _params(record).items()]
        _upload(client, run_id, record.files)
        both(
            lambda: client.log_text(run_id, record.text, ARTIFACT),
            lambda: client.log_batch(run_id, metrics=metrics, params=params),
        )
        client.set_terminated(run_id)
        return run_id

    @property
    def _artifacts(self) -> str | None:
        """Beside an sqlite file; MLflow itself would put them below whatever directory the caller stands in."""
        prefix, uri = "sqlite:///", self._connection.address.tracking_uri
        if not uri.startswith(prefix):
            return None
        return (Path(uri.removeprefix(prefix)).absolute().parent / ARTIFACT_FOLDER).as_uri()

    def _experiment_id(self, client: Any) -> str | None:  # noqa: ANN401 - as above
        known, key = self._connection.known, f"experiment {self.experiment}"
        if known.get(key) is None:
            found = client.get_experiment_by_name(self.experiment)
            known[key] = str(found.experiment_id) if found else None
        return cast("str | None", known[key])

    def _made_experiment(self, client: Any) -> str:  # noqa: ANN401 - as above
        try:
            return str(client.create_experiment(self.experiment, self._artifacts))
        except Exception:
            # Of several first records at the same time only one makes it.
            if found := self._experiment_id(client):
                return found
            raise

    def _runs(self, model: str) -> list[Any]:
        # The name may hold quotes, which a filter cannot escape; its key cannot.
        wanted = f"tags.`promotion.key` = '{key_of(model)}'" if model else "tags.`promotion.key` != ''"
        wanted += " and attributes.status = 'FINISHED'"  # Ended last: what is cut off before that lies elsewhere whole.

        def ask(client: Any) -> list[Any]:  # noqa: ANN401 - as above
            experiment_id = self._experiment_id(client)
            if experiment_id is None:
                return []
            return every_page(
                lambda token: client.search_runs([experiment_id], wanted, max_results=PAGE, page_token=token)
            )

        return self._connection.call("read the records", ask)

    def _text(self, run_id: str) -> str | None:
        content = self._file(run_id, ARTIFACT)
        return None if content is None else content.decode("utf-8")

    def beside(self, line: Line, name: str) -> bytes | None:
        """A file of a record, which lies beside the record's own; one that is too large to be ours is left there."""
        if not RUN_ID.fullmatch(line.lies_at):
            return None  # The record lies in another journal.
        listed = self._listed(line.lies_at)
        if (listed.get(name) or 0) > MOST_KEPT_BYTES or name not in listed:
            return None
        return self._file(line.lies_at, name)

    def _file(self, run_id: str, name: str) -> bytes | None:
        def ask(client: Any) -> bytes:  # noqa: ANN401 - as above
            with tempfile.TemporaryDirectory() as folder:
                return Path(client.download_artifacts(run_id, name, folder)).read_bytes()

        try:
            return self._connection.call(f"read record {run_id}", ask)
        except NotFound as error:
            # MLflow says so of a store that is down, too.
            if name in self._listed(run_id):
                raise Unavailable(str(error), error.hint) from error
            return None

    def _listed(self, run_id: str) -> dict[str, int | None]:
        """The files of a run with their sizes."""
        listed = self._connection.call(f"list record {run_id}", lambda client: client.list_artifacts(run_id))
        return {str(item.path): item.file_size for item in listed}


def _upload(client: Any, run_id: str, files: Mapping[str, bytes]) -> None:  # noqa: ANN401 - as above
    for name, content in files.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            client.log_artifact(run_id, str(path))


def default_experiment(address: Address) -> str:
    """Databricks wants a workspace path, other servers a name."""
    return f"/Shared/{DEFAULT_EXPERIMENT}" if address.is_databricks else DEFAULT_EXPERIMENT


def key_of(model: str) -> str:
    """A model's name as letters and digits, for a search filter."""
    return hashlib.sha256(model.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _params(record: Record) -> dict[str, str]:
    shown = ("kind", "model", "alias", "was", "to", "by", "why")
    return {name: str(value) for name in shown if (value := getattr(record, name)) not in (None, "")}


def _metrics(record: Record) -> dict[str, float]:
    found = record.evidence.get("metrics", {})
    return {key: float(value) for key, value in found.items() if isinstance(value, (int, float))}


def _tags(record: Record) -> dict[str, str]:
    shown = ("id", "number", "kind", "model", "alias", "was", "to", "at", "by", "why", "vouched_by")
    tags = {f"promotion.{name}": str(value) for name in shown if (value := getattr(record, name)) is not None}
    if record.along:
        tags["promotion.along"] = json.dumps(jsonable(record.along), separators=(",", ":"))
    if kept := record.evidence.get("kept"):
        tags["promotion.kept"] = json.dumps(kept, separators=(",", ":"))
    found = record.evidence.get("findings", ())
    tags |= {f"promotion.check.{finding.check}": finding.verdict.value for finding in found}
    tags["promotion.policy"] = str(record.evidence.get("policy", "none"))
    return {**tags, "promotion.key": key_of(record.model), "promotion.sha256": record.sha256}


def _line(run: Any) -> Line:  # noqa: ANN401 - mlflow's entity
    tag = {key.removeprefix("promotion."): value for key, value in run.data.tags.items()}
    return Line(
        number=int(tag.get("number", "0")),
        kind=tag.get("kind", ""),
        alias=tag.get("alias", ""),
        was=tag.get("was"),
        to=tag.get("to"),
        at=float(tag.get("at", "0")),
        by=tag.get("by", ""),
        why=tag.get("why", ""),
        id=tag.get("id", ""),
        lies_at=run.info.run_id,
        along=tuple(Moved(**one) for one in json.loads(tag.get("along", "[]"))),
        kept=kept_of({"kept": body_of(tag.get("kept", ""))}),
    )
