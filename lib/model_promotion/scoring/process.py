"""Runs a trial in a child process, which gets two rows of data, an empty home, and none of our secrets.

This keeps a model's accidents and its curiosity away from us; it is no sandbox: the child runs as the same user, so it
can still open what that user can open. Trials that are compared should run one after the other, not at the same time.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from model_promotion.core.environment import harmless
from model_promotion.core.trial import MAX_ANSWER_BYTES, Trial, TrialResult, one_line
from model_promotion.scoring.ending import end_group, end_strays
from model_promotion.scoring.scan import refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from model_promotion.core.exam import Case, Exam
    from model_promotion.core.scores import Order

CHILD = Path(__file__).with_name("child.py")
MIB = 1024 * 1024
TAIL_BYTES = 16 * 1024
SECRET = re.compile(r"//[^/\s]*@")


class NoEnvironmentError(Exception):
    """One sentence about why the model's own environment cannot be built."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (negative: the signal; None: the time was up) and its last words."""

    code: int | None
    words: str

    def told(self, timeout_s: float) -> str:
        """How it ended, where it should not have ended so, and the last thing that it said."""
        last = next((line for line in reversed(self.words.splitlines()) if line.strip()), "")
        return one_line(how(self, timeout_s) + (f": {last}" if last and self.code is not None else ""))


@dataclass(frozen=True)
class Room:
    """A temporary folder that one trial lives in; nothing of it stays."""

    folder: Path
    environ: Mapping[str, str]
    running: set[subprocess.Popen[bytes]]

    @classmethod
    def at(cls, folder: Path, environ: Mapping[str, str], running: set[subprocess.Popen[bytes]]) -> Room:
        """The rooms for home, temporary files and work, and the environment that leads there."""
        for name in ("home", "tmp", "work"):
            (folder / name).mkdir()
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder / "tmp"))
        store = f"sqlite:///{folder / 'home' / 'mlflow.db'}"
        ours = {"HOME": str(folder / "home"), "MLFLOW_TRACKING_URI": store, "MLFLOW_DISABLE_TELEMETRY": "true"}
        # So that the last line of stderr is the model's, not a warning.
        return cls(folder, {**harmless(environ), **places, **ours, "MLFLOW_LOGGING_LEVEL": "ERROR"}, running)

    @contextlib.contextmanager
    def started(
        self, command: Sequence[str], environ: Mapping[str, str], pipes: tuple[int, ...] = ()
    ) -> Iterator[Child]:
        """The command in a process group of its own, which is dead, and its strays too, when this ends."""
        request = self.folder / "request.json"
        request.touch()
        with request.open("rb") as stdin:
            process = subprocess.Popen(  # noqa: S603 - the command is ours, the model only supplies data
                command,
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd=self.folder / "work",
                env=environ,
                start_new_session=True,
                pass_fds=pipes,
            )
        child = Child(process, LastWords(process), f"TMPDIR={self.folder / 'tmp'}".encode())
        self.running.add(process)
        threading.Thread(target=child.outlive, daemon=True).start()
        try:
            yield child
        finally:  # also when stop() ended it: Ctrl-C does not reach it, as it has a session of its own
            self.running.discard(process)
            child.end()

    def run(self, command: Sequence[str], environ: Mapping[str, str], timeout_s: float) -> Ended:
        """How the command ended, or was ended when its time was up."""
        with self.started(command, environ) as child:
            code = child.wait(timeout_s)
        return Ended(code, child.words())


class LastWords:
    """Reads stderr to its end and keeps the last 16 KiB, however much a model writes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._kept = b""
        self._thread = threading.Thread(target=self._read, args=(process.stderr,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), TAIL_BYTES):
                self._kept = (self._kept + chunk)[-TAIL_BYTES:]

    def text(self) -> str:
        """What was said. A stray that could not be found may hold the pipe open: it is not waited for."""
        self._thread.join(timeout=1)
        return SECRET.sub("//***@", self._kept.decode("utf-8", "replace"))


@dataclass(frozen=True)
class Child:
    """A process that was started in a room; what it starts itself is found by the mark."""

    process: subprocess.Popen[bytes]
    last: LastWords
    mark: bytes

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its exit code, None when it is still at work."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """End it now, and its strays too."""
        end_group(self.process)
        end_strays(self.mark)

    def outlive(self) -> None:
        """Wait for it, then end what it has left behind: a fork holds pipes open, on which nobody writes any more."""
        self.process.wait()
        self.end()

    def words(self) -> str:
        """The last of what it said on stderr."""
        return self.last.text()


@dataclass(frozen=True)
class ChildScorer:
    """Runs trials in child processes. `environ` is what the allowed variables are taken from."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    build_timeout_s: float = 900
    running: set[subprocess.Popen[bytes]] = field(default_factory=set, repr=False)
    stopped: threading.Event = field(default_factory=threading.Event, repr=False)

    def stop(self) -> None:
        """End every model that is running now, and begin no other."""
        self.stopped.set()
        for process in tuple(self.running):
            end_group(process)

    def run(self, trial: Trial) -> TrialResult:
        """What the model did. Whatever it did, and whatever this machine lacks, is in the result."""
        try:
            if why := refused(trial.model_dir):
                return TrialResult(trial.label, error=why)
            if self.stopped.is_set():
                return TrialResult(trial.label, error="was not begun: stopped")
            with TemporaryDirectory(prefix="promote-trial-", ignore_cleanup_errors=True) as folder:
                return self._run_in(Room.at(Path(folder), self.environ, self.running), trial)
        except NoEnvironmentError as error:
            return TrialResult(trial.label, error=str(error))
        except OSError as error:  # a full disk, no more processes
            return TrialResult(trial.label, error=one_line(f"cannot be tried on this machine: {error}"))

    def _run_in(self, room: Room, trial: Trial) -> TrialResult:
        python = self.python(room, trial)
        answer = room.folder / "answer.json"
        answer.touch()
        # Opened before the model runs, so that a pipe or a link put in its place is never looked at.
        with answer.open("rb") as written:
            (room.folder / "request.json").write_text(request_for(trial, answer), encoding="utf-8")
            ended = room.run([python, "-I", str(CHILD)], room.environ, trial.timeout_s)
            text = written.read(MAX_ANSWER_BYTES + 1)
        return result_of(trial, ended, text)

    def examine(self, exam: Exam) -> tuple[Case, ...]:
        """What came of every case of an exam, see `exams`."""
        from model_promotion.scoring.exams import examine

        return examine(self, exam)

    def python(self, room: Room, asked: Trial | Order, *also: str) -> str:
        """The Python to run a model with: ours, or that of its own environment, with what is needed `also`.

        Raises:
            NoEnvironmentError: when its own one cannot be built.
        """
        if asked.env_manager == "local":
            return sys.executable
        from model_promotion.scoring.own_python import OwnPython

        return str(OwnPython(room, self.environ, self.build_timeout_s).built(asked.model_dir, also))


def request_for(trial: Trial, answer: Path) -> str:
    """The child's request. Half the time is for the repeats: loading and the first call may need the rest."""
    return json.dumps(
        {
            "model_dir": str(trial.model_dir.resolve()),
            "rows_from": str(trial.rows_from.resolve()) if trial.rows_from else None,
            "rows": dict(trial.rows) if trial.rows is not None else None,
            "repeats": trial.repeats,
            "repeat_s": trial.timeout_s / 2,
            "memory_limit_mib": trial.memory_limit_mib,
            "answer_to": str(answer),
        }
    )


def result_of(trial: Trial, ended: Ended, answer: bytes) -> TrialResult:
    """The answer where the child ended well, else how it ended."""
    size = size_mib(trial.model_dir)
    if ended.code != 0 or not answer:
        return TrialResult(trial.label, error=ended.told(trial.timeout_s), size_mib=size)
    try:
        return TrialResult.from_json(answer, trial.label, size)
    except ValueError as error:
        return TrialResult(trial.label, error=one_line(f"its answer cannot be used: {error}"), size_mib=size)


def how(ended: Ended, timeout_s: float) -> str:
    """How a process ended that should not have ended so."""
    if ended.code is None:
        return f"did not answer within {timeout_s:g} s"
    if ended.code < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-ended.code).name}"
    if ended.code == 0:
        return "ended without an answer"
    return f"ended with exit code {ended.code}"


def size_mib(folder: Path) -> float:
    """All files below the folder, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / MIB
