"""A model that is asked on another machine, by the same program as here and with none of that machine's credentials.

What travels is pickled, so it carries the program as text: nothing of ours needs to be installed where it arrives.
"""

from __future__ import annotations

import contextlib
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa

from model_promotion.core.scores import NoAnswerError
from model_promotion.scoring.process import ChildScorer, Room
from model_promotion.scoring.scan import refused
from model_promotion.scoring.streams import CHILD, Program, piped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from model_promotion.core.scores import Answers, Order
    from model_promotion.scoring.streams import Stream


BESIDE = (CHILD.name, "child.py", "manners.py")
"""The program, and the scripts that it shares words and manners with."""


def packed(order: Order) -> Abroad:
    """The model of this order; its files travel on their own.

    Raises:
        NoAnswerError: when they must not be loaded.
    """
    if why := refused(order.model_dir):
        raise NoAnswerError(f"{order.label}: {why}")
    sources = {name: CHILD.with_name(name).read_text(encoding="utf-8") for name in BESIDE}
    return Abroad(order, CHILD.name, sources)


@dataclass(frozen=True)
class Abroad:
    """One model and the program that asks it: `program` is one of the `sources`."""

    order: Order
    program: str
    sources: Mapping[str, str]

    @contextmanager
    def answering(self, model_dir: Path) -> Iterator[Asking]:
        """The model at work; it is dead, and its strays too, when this ends."""
        scorer = ChildScorer()
        with TemporaryDirectory(prefix="promote-score-", ignore_cleanup_errors=True) as folder:
            for name, text in self.sources.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            room = Room.at(Path(folder), scorer.environ, scorer.running)
            reading, writing = os.pipe()
            # A worker has one core, and as many workers run at once as there are cores.
            program = Program(sys.executable, Path(folder) / self.program, 1, rows_from=reading)
            with piped(room, program, replace(self.order, model_dir=model_dir)) as stream:
                asking = Asking(stream, os.fdopen(writing, "wb"))
                try:
                    yield asking
                finally:
                    asking.close()


@dataclass
class Asking:
    """Rows in, answers out. All models are given a batch before the first is waited for, so they work at once."""

    stream: Stream
    pipe: IO[bytes]
    _writer: Any = None
    _answers: Iterator[Answers] = field(init=False)

    def __post_init__(self) -> None:
        self._answers = iter(self.stream)

    def give(self, rows: pa.RecordBatch) -> None:
        """The next rows."""
        # Of a model that has died the stream of answers tells why.
        with contextlib.suppress(BrokenPipeError):
            self._writer = self._writer or pa.ipc.new_stream(self.pipe, rows.schema)
            self._writer.write_batch(rows)
            self.pipe.flush()

    def take(self) -> Answers:
        """The answers to them.

        Raises:
            NoAnswerError: when the model fails.
        """
        answers = next(self._answers, None)
        if answers is None:
            raise NoAnswerError(f"{self.stream.order.label}: answered fewer rows than it was given")
        return answers

    def finish(self) -> None:
        """The end, which tells how the model ended.

        Raises:
            NoAnswerError: when it does not end well, or answers more rows than there are.
        """
        self.close()
        if next(self._answers, None) is not None:
            raise NoAnswerError(f"{self.stream.order.label}: answered more rows than it was given")

    def close(self) -> None:
        """No more rows."""
        with contextlib.suppress(BrokenPipeError):
            if self._writer is not None and not self.pipe.closed:
                self._writer.close()
        with contextlib.suppress(BrokenPipeError):
            self.pipe.close()
