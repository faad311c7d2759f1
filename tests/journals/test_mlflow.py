"""The journal on a real MLflow store: one sqlite file for the module, one experiment for each test."""

from dataclasses import replace
from math import inf, nan
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.connections.address import resolve
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.history import misfit
from model_promotion.core.record import MOST_KEPT_BYTES, Head, Moved, digest
from model_promotion.core.steps import Entry, SetAlias
from model_promotion.journals.mlflow import ARTIFACT, MlflowJournal, default_experiment
from tests.journals.records import M, a_chain, a_record, a_record_with


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> MlflowConnection:
    import mlflow

    uri = f"sqlite:///{tmp_path_factory.mktemp('journal') / 'mlflow.db'}"
    mlflow.MlflowClient(uri).search_experiments()
    return MlflowConnection(resolve(uri, uri, "test"), Deadline(60, SystemClock()))


@pytest.fixture
def journal(connection: MlflowConnection) -> MlflowJournal:
    return MlflowJournal(connection, f"promotions {uuid4()}")


def run_of(journal: MlflowJournal, run_id: str) -> Any:
    return journal._connection.call("look", lambda client: client.get_run(run_id))  # noqa: SLF001 - the client in it


def test_records_come_back_letter_by_letter_and_the_chain_fits(journal: MlflowJournal) -> None:
    chain = a_chain(3)
    runs = [journal.append(record) for record in chain]
    stored = journal.stored(M)
    assert [one.text for one in stored] == [record.text for record in chain]
    assert [one.id for one in stored] == runs
    assert misfit(stored, Head(3, runs[-1], chain[-1].sha256)) is None


def test_lines_say_the_same_as_the_records(journal: MlflowJournal) -> None:
    record = a_record(1, was=None, why='it\'s "better"', kind="rollback")
    run_id = journal.append(record)
    line = journal.lines(M)[0]
    assert (line.number, line.kind, line.alias, line.was, line.to) == (1, "rollback", "champion", None, "2")
    assert (line.at, line.by, line.why, line.id, line.lies_at) == (record.at, record.by, record.why, "id1", run_id)


def test_a_line_says_what_was_moved_along(journal: MlflowJournal) -> None:
    stage = SetAlias(M, "stage:Production", None, "2", "Staging", "Archived")
    journal.append(a_record(1, evidence={"steps": (Entry(stage, 1.0), Entry(SetAlias(M, "champion", "1", "2"), 2.0))}))
    assert journal.lines(M)[0].along == (Moved("stage:Production", None, "2"),)


def test_a_run_shows_the_record_in_the_user_interface_of_mlflow(journal: MlflowJournal) -> None:
    record = a_record(1, evidence={"metrics": {"f1": 0.9, "steps": 3, "word": "x"}})
    run = run_of(journal, journal.append(record))
    assert run.info.run_name == f"promote {M} #1"
    assert run.info.status == "FINISHED"
    assert run.data.params == {
        "kind": "promote", "model": M, "alias": "champion", "was": "1", "to": "2", "by": "ada@example.com",
    }  # fmt: skip
    assert run.data.metrics == {"f1": 0.9, "steps": 3.0}
    assert run.data.tags["promotion.sha256"] == record.sha256


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_metrics_that_are_no_numbers_do_not_stop_a_record(journal: MlflowJournal, value: float) -> None:
    record = a_record(1, evidence={"metrics": {"f1": value}})
    journal.append(record)
    assert [one.text for one in journal.stored(M)] == [record.text]


@pytest.mark.parametrize("model", ["it's", 'a "quoted" model', "both ' and \"", "naïve 🚀", "a`b", "100%"])
def test_a_model_of_any_name_has_its_own_records(journal: MlflowJournal, model: str) -> None:
    journal.append(a_record(1, model=model))
    journal.append(a_record(1))
    assert [line.number for line in journal.lines(model)] == [1]
    assert journal.models() == sorted([model, M])


def test_a_long_reason_is_kept_whole_in_the_record_and_cut_elsewhere(journal: MlflowJournal) -> None:
    record = a_record(1, why="because " * 2000)
    journal.append(record)
    assert journal.stored(M)[0].text == record.text
    assert journal.lines(M)[0].why == record.why[:4000]


def test_before_the_first_record_there_is_no_experiment_and_none_is_made(journal: MlflowJournal) -> None:
    assert (journal.lines(M), journal.stored(M), journal.models()) == ([], [], [])
    found = journal._connection.call("look", lambda client: client.get_experiment_by_name(journal.experiment))  # noqa: SLF001 - as above
    assert found is None


def test_a_record_that_was_cut_off_half_way_is_none(journal: MlflowJournal) -> None:
    half = journal.append(a_record(1))
    journal._connection.call("cut off", lambda client: client.set_terminated(half, "FAILED"))  # noqa: SLF001 - as above
    assert (journal.lines(M), journal.stored(M)) == ([], [])


def test_a_record_whose_file_was_removed_is_missing_from_the_chain(journal: MlflowJournal) -> None:
    chain = a_chain(3)
    runs = [journal.append(record) for record in chain]
    folder = Path(run_of(journal, runs[1]).info.artifact_uri.removeprefix("file://"))
    (folder / ARTIFACT).unlink()
    found = misfit(journal.stored(M), Head(3, runs[-1], chain[-1].sha256))
    assert found
    assert (found.number, "record 2 is missing" in found.wrong) == (2, True)


def test_a_file_of_a_record_comes_back_byte_by_byte_and_the_line_names_it(journal: MlflowJournal) -> None:
    content = b"\x1f\x8b\x00\r\n"
    journal.append(a_record_with(1, profile=content))
    journal.append(a_record(2))
    first, second = journal.lines(M)
    assert (first.kept, second.kept) == ({"profile": digest(content)}, {})
    assert [journal.beside(line, "profile") for line in (first, second)] == [content, None]
    assert journal.beside(replace(first, lies_at="file:records.jsonl#1"), "profile") is None


def test_a_file_that_is_gone_or_too_large_to_be_ours_is_none(journal: MlflowJournal) -> None:
    run = run_of(journal, journal.append(a_record_with(1, profile=b"profile")))
    (line,) = journal.lines(M)
    kept = Path(run.info.artifact_uri.removeprefix("file://")) / "profile"
    kept.write_bytes(bytes(MOST_KEPT_BYTES + 1))
    assert journal.beside(line, "profile") is None
    kept.unlink()
    assert journal.beside(line, "profile") is None


@pytest.mark.parametrize("tag", ["no json", "[]", "[[", '"text"', "7"])
def test_a_line_whose_tag_of_files_was_edited_names_none(journal: MlflowJournal, tag: str) -> None:
    run_id = journal.append(a_record_with(1, profile=b"profile"))
    journal._connection.call("edit", lambda client: client.set_tag(run_id, "promotion.kept", tag))  # noqa: SLF001 - as above
    assert journal.lines(M)[0].kept == {}


def test_more_records_than_a_page_are_all_read(journal: MlflowJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_promotion.journals.mlflow.PAGE", 2)
    for record in a_chain(5):
        journal.append(record)
    assert [line.number for line in journal.lines(M)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("uri", "experiment"),
    [
        ("sqlite:///x.db", "model-promotions"),
        ("http://mlflow:5000", "model-promotions"),
        ("databricks-uc", "/Shared/model-promotions"),
        ("databricks-uc://prod", "/Shared/model-promotions"),
    ],
)
def test_the_experiment_has_the_name_its_server_wants(uri: str, experiment: str) -> None:
    assert default_experiment(resolve(uri, None, "test")) == experiment
