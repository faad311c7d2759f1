"""An exam in child processes, one after the other in one room: the model's own cases, then the team's tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from model_promotion.core.exam import Case, Kind, cases_of
from model_promotion.core.jsonable import jsonable
from model_promotion.core.trial import MAX_ANSWER_BYTES, one_line
from model_promotion.scoring.process import ChildScorer, NoEnvironmentError, Room
from model_promotion.scoring.scan import refused

if TYPE_CHECKING:
    from model_promotion.core.exam import Exam, Suite

PROBES = Path(__file__).with_name("probe_child.py")
SUITES = Path(__file__).with_name("suite_child.py")


def examine(scorer: ChildScorer, exam: Exam) -> tuple[Case, ...]:
    """What came of every case. Whatever the model did, and whatever this machine lacks, is in them."""
    try:
        with TemporaryDirectory(prefix="promote-exam-", ignore_cleanup_errors=True) as folder:
            return _examined(scorer, exam, Path(folder))
    except NoEnvironmentError as error:
        return (Case("load", Kind.BROKE, str(error)),)
    except OSError as error:  # a full disk, no more processes
        return (Case("load", Kind.BROKE, one_line(f"cannot be tried on this machine: {error}")),)


def _examined(scorer: ChildScorer, exam: Exam, folder: Path) -> tuple[Case, ...]:
    if why := refused(exam.trial.model_dir):
        return (Case("load", Kind.BROKE, why),)
    room = Room.at(folder, scorer.environ, scorer.running)
    desk = _Desk(room, scorer.python(room, exam.trial, *(("pytest",) if exam.suite else ())), exam)
    cases = desk.sit(PROBES, _probes(exam), "model")
    if exam.suite is None or scorer.stopped.is_set():
        return cases
    return cases + desk.sit(SUITES, _suite(scorer, exam, exam.suite, folder), "tests")


@dataclass(frozen=True)
class _Desk:
    """One room, one Python, one set of limits."""

    room: Room
    python: str
    exam: Exam

    def sit(self, script: Path, request: dict[str, Any], group: str) -> tuple[Case, ...]:
        """The cases that a script writes down, however it ends."""
        trial, answer = self.exam.trial, self.room.folder / f"{script.stem}.jsonl"
        answer.touch()
        limits = {"memory_limit_mib": trial.memory_limit_mib, "answer_to": str(answer)}
        named = {"model_dir": str(trial.model_dir.resolve()), **limits, **request}
        # Opened before the model runs, so that a pipe or a link put in its place is never looked at.
        with answer.open("rb") as written:
            (self.room.folder / "request.json").write_text(json.dumps(named), encoding="utf-8")
            ended = self.room.run([self.python, "-I", str(script)], self.room.environ, trial.timeout_s)
            text = written.read(MAX_ANSWER_BYTES + 1)
        return cases_of(text, group, ended.told(trial.timeout_s))


def _probes(exam: Exam) -> dict[str, Any]:
    trial = exam.trial
    return {
        "rows_from": str(trial.rows_from.resolve()) if trial.rows_from else None,
        "rows": dict(trial.rows) if trial.rows is not None else None,
        "probe_s": trial.timeout_s * 0.75,
        "skip": sorted(exam.skip),
        "tolerance": exam.tolerance,
        "more_rows": str(exam.rows.resolve()) if exam.rows else None,
        "expect": [jsonable(one) for one in exam.expect],
    }


def _suite(scorer: ChildScorer, exam: Exam, suite: Suite, folder: Path) -> dict[str, Any]:
    """The champion runs beside the candidate, in the environment that it was recorded with where that is asked for."""
    champion, python = suite.champion_dir, ""
    if champion:
        if why := refused(champion):
            raise NoEnvironmentError(one_line(f"the champion {why}"))
        beside = folder / "beside"
        beside.mkdir()
        python = scorer.python(Room.at(beside, scorer.environ, scorer.running), replace(exam.trial, model_dir=champion))
    return {
        "champion_dir": str(champion.resolve()) if champion else None,
        "champion_python": python or None,
        "eval_rows": str(suite.rows.resolve()) if suite.rows else None,
        "tests": [str(path.resolve()) for path in suite.paths],
    }
