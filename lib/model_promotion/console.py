"""What a person sees: events become lines with emoji, or with ASCII where emoji cannot be printed."""

import contextlib
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from model_promotion.core.event import Event, Kind, Table
from model_promotion.core.outcome import Outcome
from model_promotion.core.redaction import redacted, redacted_within

EMOJI = {
    Kind.WORKING: "🔄",
    Kind.PASSED: "✅",
    Kind.WARNED: "⚠️ ",
    Kind.FAILED: "❌",
    Kind.UNKNOWN: "❔",
    Kind.HINT: "💡",
    Kind.TABLE: "📊",
    Kind.SUMMARY: "🎯",
    Kind.UNDO: "🔙",
    Kind.MODEL: "📦",
    Kind.IN_PRODUCTION: "   🏆",
    Kind.VERSION: "   📌",
    Kind.GOING: "   🧹",
}
PLAIN = {
    Kind.WORKING: "..",
    Kind.PASSED: "ok",
    Kind.WARNED: "!!",
    Kind.FAILED: "XX",
    Kind.UNKNOWN: "??",
    Kind.HINT: "->",
    Kind.TABLE: "##",
    Kind.SUMMARY: "=>",
    Kind.UNDO: "<-",
    Kind.MODEL: "[]",
    Kind.IN_PRODUCTION: "   **",
    Kind.VERSION: "   --",
    Kind.GOING: "   xx",
}
COLOURS = {Kind.PASSED: "32", Kind.WARNED: "33", Kind.FAILED: "31", Kind.UNKNOWN: "33", Kind.SUMMARY: "1"}
PATIENCE_S = 1.0
# A longer document is for machines only; to indent one of 7 MB takes a second.
LONGEST_TO_READ = 100_000


@dataclass(frozen=True)
class Style:
    """How lines are drawn on one stream."""

    emoji: bool
    colour: bool
    progress: bool


def style_for(stream: TextIO, environ: Mapping[str, str], *, plain: bool) -> Style:
    """Emoji where the stream can encode them, colour on a terminal only and never with NO_COLOR."""
    terminal = stream.isatty()
    try:
        "✅🔙—".encode(stream.encoding or "ascii")
        emoji = not plain
    except (UnicodeEncodeError, LookupError):
        emoji = False
    colour = terminal and not plain and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    return Style(emoji, colour, sys.stderr.isatty())


def printable(text: str) -> str:
    """Text without characters that could draw over lines of ours: registries hold what strangers wrote."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


class Console:
    """Prints events as they come, and the outcome at the end."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._style = style

    @property
    def draws_emoji(self) -> bool:
        """Whether lines begin with emoji, or with ASCII marks."""
        return self._style.emoji

    def tell(self, event: Event) -> None:
        """One line, and its table if it has one."""
        self._line(event.kind, f"[{printable(event.topic)}] {printable(event.sentence)}")
        if event.table and event.table.rows:
            self._table(event.table)

    def close(self, outcome: Outcome) -> None:
        """What was listed, and the last lines: what happened, what to type next, how to go back."""
        for event in outcome.listing:
            self.tell(event)
        for step in outcome.planned:
            self._line(Kind.WORKING, f"[Plan] would write {printable(step.sentence)}")
        for warning in outcome.warnings:
            self._line(Kind.WARNED, f"[Warning] {printable(warning)}")
        self._line(Kind.SUMMARY if outcome.done else Kind.FAILED, printable(outcome.summary))
        for hint in outcome.hints:
            self._line(Kind.HINT, printable(hint))
        if outcome.undo:
            self._line(Kind.UNDO, f"go back: {printable(outcome.undo)}")

    def fail(self, message: str, hint: str) -> None:
        """An error that ended the call, and what to type next."""
        self._line(Kind.FAILED, printable(message))
        if hint:
            self._line(Kind.HINT, printable(hint))

    def say(self, text: str) -> None:
        """Text as it is, but for secrets. A reader who has gone, or a full disk, must not stop a promotion half way."""
        self._put(redacted(text))

    def document(self, body: Mapping[str, Any]) -> None:
        """A JSON document, its texts without secrets."""
        clean = redacted_within(dict(body))
        text = json.dumps(clean, allow_nan=False)
        self._put(text if len(text) > LONGEST_TO_READ else json.dumps(clean, indent=2, allow_nan=False))

    @contextlib.contextmanager
    def during(self, sentence: str) -> Iterator[None]:
        """A running clock on stderr, when that is a terminal and the work takes longer than a second."""
        if not self._style.progress:
            yield
            return
        ended = threading.Event()
        ticker = threading.Thread(target=_tick, args=(sentence, ended), daemon=True)
        ticker.start()
        try:
            yield
        finally:
            ended.set()
            ticker.join()

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            print(self._encodable(text), file=self._stream, flush=True)

    def _line(self, kind: Kind, text: str) -> None:
        mark = EMOJI[kind] if self._style.emoji else PLAIN[kind]
        line = f"{mark} {text}"
        colour = COLOURS.get(kind) if self._style.colour else None
        self.say(f"\x1b[{colour}m{line}\x1b[0m" if colour else line)

    def _table(self, table: Table) -> None:
        from tabulate import tabulate

        rows = [[printable(str(cell)) for cell in row] for row in table.rows]
        drawn = tabulate(rows, headers=list(table.header), tablefmt="simple", disable_numparse=True)
        self.say("\n".join(f"   {line}" for line in drawn.splitlines()))

    def _encodable(self, text: str) -> str:
        encoding = (self._stream.encoding or "ascii") if self._style.emoji else "ascii"
        return text.encode(encoding, "backslashreplace").decode(encoding)


def _tick(sentence: str, ended: threading.Event) -> None:
    if ended.wait(PATIENCE_S):
        return
    from tqdm import tqdm

    with tqdm(desc=printable(sentence), bar_format="{desc} {elapsed}", leave=False, file=sys.stderr) as clock:
        while not ended.wait(0.2):
            clock.refresh()
