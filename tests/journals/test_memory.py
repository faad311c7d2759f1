import pytest

from model_promotion.core.errors import Unavailable
from model_promotion.journals.memory import MemoryJournal
from tests.journals.records import M, a_chain, a_record, a_record_with


def test_it_gives_back_what_it_was_given_by_model() -> None:
    journal = MemoryJournal()
    for record in (*a_chain(2), a_record(1, model="other", was=None)):
        assert journal.append(record) == f"memory-{record.number}"
    assert [line.number for line in journal.lines(M)] == [1, 2]
    assert [stored.text for stored in journal.stored(M)] == [record.text for record in a_chain(2)]
    assert journal.models() == ["other", M]


def test_a_file_of_a_record_comes_back() -> None:
    journal = MemoryJournal()
    journal.append(a_record_with(1, profile=b"profile"))
    journal.append(a_record(2))
    first, second = journal.lines(M)
    assert [journal.beside(line, "profile") for line in (first, second)] == [b"profile", None]
    journal.broken = True
    with pytest.raises(Unavailable):
        journal.beside(first, "profile")


def test_a_broken_one_neither_writes_nor_reads() -> None:
    journal = MemoryJournal()
    journal.broken = True
    for ask in (lambda: journal.append(a_record()), lambda: journal.lines(M), lambda: journal.stored(M)):
        with pytest.raises(Unavailable):
            ask()
    assert journal.records == []
