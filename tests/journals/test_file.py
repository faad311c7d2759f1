from dataclasses import replace
from pathlib import Path

import pytest

from model_promotion.core.errors import Unavailable
from model_promotion.core.history import misfit
from model_promotion.core.record import MOST_KEPT_BYTES, Head, digest
from model_promotion.journals.file import FileJournal
from tests.journals.records import M, a_chain, a_record, a_record_with


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.jsonl"


def test_records_come_back_letter_by_letter_in_their_order(path: Path) -> None:
    chain = a_chain(3)
    for record in chain:
        assert FileJournal(path).append(record) == f"file:records.jsonl#{record.number}"
    stored = FileJournal(path).stored(M)
    assert [one.text for one in stored] == [record.text for record in chain]
    assert misfit(stored, Head(3, "", chain[-1].sha256)) is None


@pytest.mark.parametrize("why", ['it\'s "better"', "two\nlines", "naïve 🚀", "\u2028\x85", "\ud800"])
def test_a_reason_with_any_character_stays_one_line(path: Path, why: str) -> None:
    journal = FileJournal(path)
    journal.append(a_record(1, why=why))
    journal.append(a_record(2))
    assert [line.why for line in journal.lines(M)] == [why, ""]
    assert len(path.read_text("utf-8").split("\n")) == 3


def test_each_model_has_its_own(path: Path) -> None:
    journal = FileJournal(path)
    journal.append(a_record(1))
    journal.append(a_record(1, model="other"))
    assert journal.models() == ["other", M]
    assert len(journal.stored("other")) == 1


def test_without_the_file_there_are_no_records(path: Path) -> None:
    journal = FileJournal(path)
    assert (journal.lines(M), journal.stored(M), journal.models()) == ([], [], [])
    assert not path.exists()


def test_lines_that_are_no_records_are_passed_over(path: Path) -> None:
    journal = FileJournal(path)
    journal.append(a_record(1))
    with path.open("ab") as file:
        file.write(b"not json\n\n[]\n\xff\xfe\n{}\n")
    journal.append(a_record(2))
    assert [line.number for line in journal.lines(M)] == [1, 2]


def test_after_a_line_that_was_cut_off_the_next_record_is_whole(path: Path) -> None:
    path.write_text('{"id": "cut o', encoding="utf-8")
    journal = FileJournal(path)
    journal.append(a_record(1))
    assert [line.number for line in journal.lines(M)] == [1]


def test_a_folder_that_is_not_there_or_no_file_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        FileJournal(tmp_path / "no" / "records.jsonl").append(a_record())
    with pytest.raises(Unavailable, match="could not read"):
        FileJournal(tmp_path).lines(M)
    with pytest.raises(Unavailable, match="could not write"):
        FileJournal(tmp_path).append(a_record())


def test_where_it_lies_is_said_in_full(path: Path) -> None:
    assert FileJournal(path).place == f"file {path}"


def test_what_is_kept_for_a_piece_of_work_comes_back_and_is_no_record(path: Path) -> None:
    journal = FileJournal(path)
    journal.append(a_record(1))
    assert journal.kept("0123456789ab") == ()
    facts = [{"number": "1", "tags": {"a": "b\nc"}, "created_at": 1.5}]
    journal.keep("0123456789ab", facts)
    journal.append(a_record(2))
    assert (journal.kept("0123456789ab"), journal.kept("another")) == (facts, ())
    assert (len(journal.lines(M)), len(journal.stored(M)), journal.models()) == (2, 2, [M])


def test_where_nothing_can_be_kept_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        FileJournal(tmp_path).keep("0123456789ab", [])


def test_a_file_of_a_record_comes_back_byte_by_byte_and_the_line_names_it(path: Path) -> None:
    journal = FileJournal(path)
    content = b"\x1f\x8b\x00\r\n"
    journal.append(a_record_with(1, profile=content))
    journal.append(a_record(2))
    first, second = journal.lines(M)
    assert (first.kept, second.kept) == ({"profile": digest(content)}, {})
    assert [journal.beside(line, "profile") for line in (first, second)] == [content, None]
    assert journal.beside(first, "other") is None
    assert (next(iter(path.parent.glob("*.files/*"))).name, b"profile" in path.read_bytes()) == ("id1-profile", True)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b", "..", ""])
def test_a_name_that_leads_elsewhere_is_no_file_of_a_record(path: Path, name: str) -> None:
    (path.parent / "records.files").mkdir()
    (path.parent / "secret").write_bytes(b"secret")
    journal = FileJournal(path)
    journal.append(a_record_with(1, profile=b"profile"))
    (line,) = journal.lines(M)
    assert journal.beside(line, name) is None
    assert journal.beside(replace(line, id=f"../{name}"), "secret") is None


def test_a_file_that_is_too_large_to_be_ours_is_none_and_one_that_cannot_be_read_is_unavailable(path: Path) -> None:
    journal = FileJournal(path)
    journal.append(a_record_with(1, profile=b"profile"))
    (line,) = journal.lines(M)
    kept = path.parent / "records.files" / "id1-profile"
    kept.write_bytes(bytes(MOST_KEPT_BYTES + 1))
    assert journal.beside(line, "profile") is None
    kept.unlink()
    assert journal.beside(line, "profile") is None
    kept.mkdir()
    with pytest.raises(Unavailable, match="could not read"):
        journal.beside(line, "profile")


def test_where_a_file_cannot_be_kept_there_is_no_record_that_names_it(path: Path) -> None:
    path.with_suffix(".files").write_text("in the way")
    with pytest.raises(Unavailable, match="could not write"):
        FileJournal(path).append(a_record_with(1, profile=b"profile"))
    assert FileJournal(path).lines(M) == []
