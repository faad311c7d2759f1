"""One model scoring many rows in a child process, read frame by frame as it answers.

What arrives was written next to foreign code: every line is bounded and checked before a byte behind it is read.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from model_promotion.core.scores import Answers, NoAnswerError, Spent
from model_promotion.core.trial import one_line
from model_promotion.scoring.process import ChildScorer, Ended, NoEnvironmentError, Room
from model_promotion.scoring.scan import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from model_promotion.core.scores import Order
    from model_promotion.scoring.abroad import Abroad

CHILD = Path(__file__).with_name("score_child.py")
LINE_BYTES = 4096
MOST = 1e12
TYPES = {"codes": np.dtype(np.int32), "probabilities": np.dtype(np.float64), "numbers": np.dtype(np.float64)}


@dataclass
class Stream:
    """The answers of one model, in the order of the rows; `spent` is known when they have ended."""

    order: Order
    pipe: IO[bytes]
    ended: Any
    spent: Spent = field(default_factory=Spent)

    def __iter__(self) -> Iterator[Answers]:
        """Every batch.

        Raises:
            NoAnswerError: when the model failed, died, took too long, or what it sent makes no sense.
        """
        rows = 0
        try:
            while (line := self._line())["kind"] not in ("end", "error"):
                yield self._answers(line)
                rows += line["rows"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._broken(f"its answer cannot be used: {error}") from error
        if line["kind"] == "error":
            raise self._broken(f"cannot answer: {one_line(str(line.get('error')))}")
        self.spent = Spent(*(_measure(line.get(name)) for name in ("load_s", "predict_s", "peak_mib")))
        if line.get("rows") != rows:
            raise self._broken(f"says that it answered {line.get('rows')} rows, sent {rows}")

    def _line(self) -> dict[str, Any]:
        text = self.pipe.readline(LINE_BYTES)
        if not text.endswith(b"\n"):
            raise self._broken(self.ended())
        line = json.loads(text)
        if not isinstance(line, dict) or line.get("kind") not in (*TYPES, "end", "error"):
            raise ValueError("a frame is of no known kind")
        return line

    def _answers(self, line: dict[str, Any]) -> Answers:
        first = {line["kind"]: self._array(line)}
        if line["kind"] != "codes" or not line.get("more"):
            return Answers(**first)
        second = self._line()
        if second["kind"] != "probabilities" or second.get("rows") != line["rows"]:
            raise ValueError("its probabilities do not belong to its labels")
        return Answers(**first, probabilities=self._array(second))

    def _array(self, line: dict[str, Any]) -> Any:  # noqa: ANN401 - numpy is not typed here
        rows, columns, dtype = line["rows"], line["columns"], TYPES[line["kind"]]
        wanted = len(self.order.classes or ()) if line["kind"] == "probabilities" else 1
        if type(rows) is not int or not 0 <= rows <= self.order.batch_rows or (rows and columns != wanted):
            raise ValueError(f"{columns} answers for each of {rows} rows")
        size = rows * wanted * dtype.itemsize
        raw = self.pipe.read(size)
        if len(raw) != size:
            raise self._broken(self.ended())
        array = np.frombuffer(raw, dtype)
        return array.reshape(rows, wanted) if line["kind"] == "probabilities" else array

    def _broken(self, why: str) -> NoAnswerError:
        return NoAnswerError(f"{self.order.label}: {why}")


def _measure(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= MOST else None


@contextmanager
def scoring(scorer: ChildScorer, order: Order) -> Iterator[Stream]:
    """The model at work; it is dead, and its strays too, when this ends.

    Raises:
        NoAnswerError: when it may not or cannot be started.
    """
    if why := refused(order.model_dir):
        raise NoAnswerError(f"{order.label}: {why}")
    with TemporaryDirectory(prefix="promote-score-", ignore_cleanup_errors=True) as folder:
        try:
            room = Room.at(Path(folder), scorer.environ, scorer.running)
            python = scorer.python(room, order)
        except NoEnvironmentError as error:
            raise NoAnswerError(f"{order.label}: {error}") from error
        with piped(room, Program(python, CHILD, max(1, (os.cpu_count() or 2) // 2)), order) as stream:
            yield stream


@dataclass(frozen=True)
class Program:
    """What asks a model: its Python, file and threads, and the pipe that rows come through where no file has them."""

    python: str
    file: Path
    threads: int
    rows_from: int | None = None


@contextmanager
def piped(room: Room, program: Program, order: Order) -> Iterator[Stream]:
    """The answers of a model that a program asks; the pipe for rows is the program's alone from here on."""
    reading, writing = os.pipe()
    theirs = (writing,) if program.rows_from is None else (writing, program.rows_from)
    (room.folder / "request.json").write_text(_request(order, writing, program.rows_from), encoding="utf-8")
    environ = {**room.environ, "OMP_NUM_THREADS": str(program.threads)}
    late = threading.Event()
    with room.started([program.python, "-I", str(program.file)], environ, theirs) as process:
        for end in theirs:
            os.close(end)

        def end_it() -> None:
            late.set()
            process.end()

        def ended() -> str:
            code = None if late.is_set() else process.wait()
            return Ended(code, process.words()).told(order.timeout_s)

        timer = threading.Timer(order.timeout_s, end_it)
        timer.daemon = True
        timer.start()
        try:
            with os.fdopen(reading, "rb", buffering=1 << 20) as pipe:
                yield Stream(order, pipe, ended)
        finally:
            timer.cancel()


def _request(order: Order, answer_to: int, rows_from: int | None) -> str:
    return json.dumps(
        {
            "model_dir": str(order.model_dir.resolve()),
            "files": [str(path.resolve()) for path in order.files],
            "columns": list(order.columns),
            "any_model": order.any_model,
            "classes": None if order.classes is None else list(order.classes),
            "probabilities": order.probabilities,
            "batch_rows": order.batch_rows,
            "memory_limit_mib": order.memory_limit_mib,
            "answer_to": answer_to,
            "rows_from": rows_from,
        }
    )


@dataclass(frozen=True)
class ChildScores:
    """Models that answer in child processes, under the same limits as a trial."""

    scorer: ChildScorer

    def scoring(self, order: Order) -> AbstractContextManager[Stream]:
        """The model at work, see `scoring`."""
        return scoring(self.scorer, order)

    def abroad(self, order: Order) -> Abroad:
        """The model, ready to be asked on another machine, see `abroad`."""
        from model_promotion.scoring.abroad import packed

        return packed(order)
