from dataclasses import replace
from pathlib import Path

import pytest

from model_promotion.core.event import Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.reports.step_summary import append, render

HOSTILE = ["<script>alert(1)</script>", "a | b", "[x](http://evil)", "![x](http://evil)", "a\n# b", "`x`", "**x**"]


def outcome(text: str) -> Outcome:
    finding = Finding(Verdict.FAILED, text, topic=text)
    return Outcome(
        Mode.CHECK, ExitCode.REFUSED, text, text, findings=(finding,), warnings=(text,), hints=(text,), undo=text
    )


def test_it_says_how_it_ended_and_what_was_found() -> None:
    text = render(outcome("fine"))
    assert text.startswith("### check fine: exit code 2\n")
    assert "| ❌ | fine | fine |" in text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_wrote_is_text_and_changes_no_line(text: str) -> None:
    plain, hostile = render(outcome("fine")), render(outcome(text))
    assert len(hostile.splitlines()) == len(plain.splitlines())
    assert "<" not in hostile
    assert not [line for line in hostile.splitlines() if line.replace("\\|", "").count("|") not in (0, 4)]
    assert "](" not in hostile.replace("\\]", "")


def test_no_secret_is_in_it() -> None:
    assert "hunter2" not in render(outcome("postgresql://ann:hunter2@db/x"))


def test_it_is_added_to_what_stands_there(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    append(render(outcome("fine")), file)
    append(render(outcome("fine")), file)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("before\n###")
    assert text.count("### check") == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_is_a_table_whatever_stands_in_it(text: str) -> None:
    told = render(replace(outcome("fine"), table=Table(("model", "code"), [(text, "0"), ("b", "2")])))
    lines = told.splitlines()
    at = lines.index("| model | code |")
    assert (lines[at + 1], lines[at + 3]) == ("|---|---|", "| b | 2 |")
    assert lines[at + 2].replace("\\|", "").count("|") == 3
