"""What a person sees, and what no registry can make them see."""

import io
import json
import os
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.console import EMOJI, PLAIN, Console, Style, printable, style_for
from model_promotion.core.event import Event, Kind, Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.core.steps import SetAlias

TOKEN = "dapi" + "0123456789abcdef" * 2
ANSI = re.compile("\x1b\\[[0-9;]*m")
WITH_EMOJI, IN_ASCII = Style(emoji=True, colour=False, progress=False), Style(emoji=False, colour=False, progress=False)
IN_COLOUR = Style(emoji=True, colour=True, progress=False)


class Terminal(io.StringIO):
    """A stream with an encoding, that may be a terminal."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = True) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def told(*events: Event, style: Style = WITH_EMOJI, encoding: str = "utf-8") -> str:
    stream = Terminal(encoding)
    for event in events:
        Console(stream, style).tell(event)
    return stream.getvalue()


def closed(style: Style = WITH_EMOJI, **more: Any) -> list[str]:
    stream = Terminal()
    Console(stream, style).close(Outcome(Mode.PROMOTE, **{"code": ExitCode.DONE, "summary": "m is v7", **more}))
    return stream.getvalue().splitlines()


def test_every_kind_of_line_has_its_sign_in_both_alphabets() -> None:
    assert set(EMOJI) == set(PLAIN) == set(Kind)
    assert len(set(EMOJI.values())) == len(set(PLAIN.values())) == len(Kind)
    assert "".join(PLAIN.values()).isascii()


@pytest.mark.parametrize("kind", Kind)
def test_a_line_is_a_sign_a_topic_and_a_sentence(kind: Kind) -> None:
    event = Event(kind, "Signature", "v7 accepts everything v3 accepts")
    assert told(event) == f"{EMOJI[kind]} [Signature] v7 accepts everything v3 accepts\n"
    assert told(event, style=IN_ASCII) == f"{PLAIN[kind]} [Signature] v7 accepts everything v3 accepts\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_a_stream_gets_only_what_it_can_encode(encoding: str) -> None:
    style = style_for(Terminal(encoding), {}, plain=False)
    assert style.emoji is (encoding == "utf-8")
    text = told(Event(Kind.PASSED, "März", "größer → 界 \ud800"), style=style, encoding=encoding)
    assert text.encode(encoding).decode(encoding) == text


# plain, environment, is it a terminal -> emoji, colour
STYLES = {
    "a terminal": (False, {}, True, (True, True)),
    "a pipe": (False, {}, False, (True, False)),
    "--plain": (True, {}, True, (False, False)),
    "NO_COLOR": (False, {"NO_COLOR": "1"}, True, (True, False)),
    "an empty NO_COLOR": (False, {"NO_COLOR": ""}, True, (True, True)),
    "a terminal that knows no colour": (False, {"TERM": "dumb"}, True, (True, False)),
}


@pytest.mark.parametrize(("plain", "environ", "terminal", "expected"), STYLES.values(), ids=STYLES.keys())
def test_colour_is_for_terminals_that_want_it(
    plain: bool,
    environ: dict[str, str],
    terminal: bool,
    expected: tuple[bool, bool],
) -> None:
    style = style_for(Terminal(terminal=terminal), environ, plain=plain)
    assert (style.emoji, style.colour) == expected


def test_colour_adds_nothing_but_colour() -> None:
    event = Event(Kind.FAILED, "Signature", "no")
    coloured = told(event, style=IN_COLOUR)
    assert coloured != told(event)
    assert ANSI.sub("", coloured) == told(event)


FORGERIES = {
    "a line of its own": "x\n✅ [Signature] fine",
    "a carriage return": "x\r✅ [Signature] fine",
    "a cleared screen": "x\x1b[2J\x1b[H✅",
    "a title": "\x1b]0;x\x07",
    "backspaces": "x\b\b\b\b✅",
    "right to left": "x\u202egnp.exe",
    "an isolate": "x\u2066y\u2069",
    "another line end": "x\u2028y\u2029z\x85w",
    "eight bits of control": "x\x9b2Jy",
    "no width": "cham\u200bpion",
    "half a letter": "x\ud800y",
}


@pytest.mark.parametrize("text", FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.parametrize("style", [WITH_EMOJI, IN_ASCII], ids=["emoji", "ascii"])
def test_what_strangers_wrote_cannot_forge_a_line(text: str, style: Style) -> None:
    event = Event(Kind.WARNED, text, text, Table(("name",), [(text,)]))
    lines = told(event, style=style).split("\n")
    assert len(lines) == 5  # the line, the table's header, its rule, its row, and the end
    assert all(line.isprintable() for line in lines)
    ends = closed(
        style, summary=text, hints=(text,), warnings=(text,), undo=text, planned=(SetAlias("m", text, "3", "7"),)
    )
    assert len(ends) == 5
    assert all(line.isprintable() for line in ends)


@given(st.text(st.characters(codec=None)))
def test_no_text_at_all_leaves_its_line(text: str) -> None:
    assert printable(text).isprintable()
    stream = Terminal()
    Console(stream, WITH_EMOJI).fail(text, text + "x")
    assert len(stream.getvalue().split("\n")) == 3


def test_a_text_that_prints_stays_to_the_letter() -> None:
    assert printable("größer ✅ 界") == "größer ✅ 界"


def test_a_table_keeps_numbers_as_they_were_written() -> None:
    table = Table(("metric", "candidate"), [("f1", "0.900"), ("007", "1e5")])
    lines = told(Event(Kind.TABLE, "Metrics", "2 compared", table)).splitlines()
    assert [line.split() for line in lines[-2:]] == [["f1", "0.900"], ["007", "1e5"]]


def test_a_table_without_rows_is_not_drawn() -> None:
    assert told(Event(Kind.TABLE, "History", "no record", Table(("#",), []))).count("\n") == 1


def test_the_end_says_what_happened_what_to_type_and_how_to_go_back() -> None:
    step = SetAlias("m", "champion", "3", "7")
    assert closed(planned=(step,), warnings=("late",), hints=("do it",), undo="promote m --rollback") == [
        "🔄 [Plan] would write @champion: v3 -> v7",
        "⚠️  [Warning] late",
        "🎯 m is v7",
        "💡 do it",
        "🔙 go back: promote m --rollback",
    ]


@pytest.mark.parametrize("code", ExitCode)
def test_only_what_was_done_ends_with_a_target(code: ExitCode) -> None:
    done = code in (ExitCode.DONE, ExitCode.WARNED)
    assert closed(code=code) == [f"{EMOJI[Kind.SUMMARY if done else Kind.FAILED]} m is v7"]


def test_no_line_shows_a_secret() -> None:
    stream = Terminal()
    console = Console(stream, WITH_EMOJI)
    console.fail(f"login with {TOKEN}", "postgresql://ann:hunter2@db/x")
    console.tell(Event(Kind.WORKING, "Registry", f"https://ann:hunter2@h token={TOKEN}"))
    console.say(f"Bearer {TOKEN}")
    assert TOKEN not in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_a_document_is_json_whatever_its_fields_are_called() -> None:
    stream = Terminal("ascii")
    Console(stream, IN_ASCII).document({"token": 0.9, "password": None, "say": f"größer {TOKEN}"})
    assert json.loads(stream.getvalue()) == {"token": 0.9, "password": None, "say": "größer ***"}


class Gone(Terminal):
    """A stream whose reader left, or whose disk is full."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def write(self, _: str) -> int:
        raise self._error


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left"), ValueError("closed file")]
)
def test_a_reader_who_has_gone_never_stops_the_work(error: Exception) -> None:
    console = Console(Gone(error), WITH_EMOJI)
    console.tell(Event(Kind.PASSED, "Signature", "fine", Table(("a",), [("b",)])))
    console.fail("no", "try")
    console.document({})
    console.close(Outcome(Mode.PROMOTE, ExitCode.DONE, "m is v7"))


def test_a_real_pipe_that_was_closed_never_stops_the_work() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    stream = io.TextIOWrapper(io.FileIO(writing, "w"), encoding="utf-8", write_through=True)
    Console(stream, WITH_EMOJI).tell(Event(Kind.PASSED, "Signature", "fine"))


def test_work_is_shown_on_a_terminal_only_when_it_takes_longer_than_a_second(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Console(Terminal(), Style(emoji=True, colour=False, progress=True)).during("downloading"):
        pass
    with Console(Terminal(), WITH_EMOJI).during("downloading"):
        pass
    assert capsys.readouterr().err == ""


def test_a_listing_is_drawn_before_the_last_lines_each_version_below_its_model() -> None:
    listing = [
        Event(Kind.MODEL, "rf", "2 versions"),
        Event(Kind.IN_PRODUCTION, "v2", "@champion"),
        Event(Kind.VERSION, "v1", "stands nowhere"),
    ]
    assert closed(listing=listing) == [
        "📦 [rf] 2 versions",
        "   🏆 [v2] @champion",
        "   📌 [v1] stands nowhere",
        "🎯 m is v7",
    ]
    assert closed(IN_ASCII, listing=listing)[1:3] == ["   ** [v2] @champion", "   -- [v1] stands nowhere"]
