"""Evaluation data in memory: what two models answered is made up, and counted as an engine counts it."""

from typing import Any

import numpy as np

from model_promotion.checks import evaluation
from model_promotion.core.dataset import Dataset
from model_promotion.core.finding import Finding
from model_promotion.core.scores import OTHER, Answers
from model_promotion.engines.memory import MemoryData, MemoryEngine
from model_promotion.evidence.counting import Batch, count
from model_promotion.evidence.tables import Question, Target, Task
from tests.worlds import Scene, a_scene, a_witness

ROWS = 4000
ON = Dataset("rows.parquet", "sold")
TARGET = Target(ROWS, ("no", "yes"), is_number=False)


def said(share: float, seed: int, foreign: float = 0.0) -> Any:
    """Answers of which this share is right, and that share is none of the classes; the truth is every other row."""
    made = np.random.default_rng(seed)
    truth = np.arange(ROWS) % 2
    codes = np.where(made.random(ROWS) < share, truth, 1 - truth)
    return np.where(made.random(ROWS) < foreign, OTHER, codes).astype(np.int32)


def data(champion: Any, candidate: Any, rows: int = ROWS, **parts: Any) -> MemoryData:
    """The tables of these answers to the first of the rows."""
    truth = np.arange(rows) % 2
    answers = [Answers(codes=one[:rows]) for one in (champion, candidate)]
    batch = Batch(truth, answers[0], answers[1], np.arange(rows, dtype=np.uint64))
    columns = ("age", "sold", *parts.get("of_levels", ()))
    return MemoryData(columns, TARGET, count(batch, Question(Task.BINARY, ("no", "yes"))), **parts)


def sliced(champion: Any, candidate: Any, same_in: str) -> MemoryData:
    """The same rows by halves, plan=a and plan=b; in one of the two both answer alike."""
    plan = np.where(np.arange(ROWS) < ROWS // 2, "a", "b").astype(object)
    both = np.where(plan == same_in, champion, candidate)
    answers = [Answers(codes=one) for one in (champion, both)]
    batch = Batch(np.arange(ROWS) % 2, answers[0], answers[1], np.arange(ROWS, dtype=np.uint64), levels={"plan": plan})
    question = Question(Task.BINARY, ("no", "yes"), slices={"plan": ("a", "b")})
    return MemoryData(("age", "sold", "plan"), TARGET, count(batch, question), of_levels={"plan": ("a", "b")})


def scene_of(given: MemoryData, **parts: Any) -> Scene:
    """A world in which these data are at rows.parquet."""
    return a_scene(engine=MemoryEngine({ON.uri: given}), **parts)


def judged(given: MemoryData, check: Any = evaluation, scene: Scene | None = None, **options: Any) -> Finding:
    """What a check says of these data."""
    with a_witness(scene or scene_of(given), eval_data=ON, **options) as witness:
        found: Finding | None = check.ask(witness)
    assert found
    return found
