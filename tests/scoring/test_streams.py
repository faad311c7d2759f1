"""What a child sends is believed only as far as it makes sense."""

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from model_promotion.core.scores import NoAnswerError, Order
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores, Stream

TWO = np.array([0, 1], np.int32).tobytes()


def line(**words: Any) -> bytes:
    return json.dumps(words).encode() + b"\n"


def order(**more: Any) -> Order:
    return Order("v7", Path("model"), ["x"], (), ("no", "yes"), batch_rows=10, **more)


def read(sent: bytes) -> list[Any]:
    return list(Stream(order(), io.BytesIO(sent), lambda: "ended with exit code 9"))


CODES = line(kind="codes", rows=2, columns=1) + TWO


def test_frames_become_answers_and_the_last_one_says_what_it_cost() -> None:
    stream = Stream(order(), io.BytesIO(CODES + line(kind="end", rows=2, load_s=0.5, predict_s=1, peak_mib=90)), str)
    assert [one.codes.tolist() for one in stream] == [[0, 1]]
    assert (stream.spent.load_s, stream.spent.predict_s, stream.spent.peak_mib) == (0.5, 1, 90)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "ended with exit code 9"),
        (CODES, "ended with exit code 9"),
        (CODES[:-1], "ended with exit code 9"),
        (b"[]\n", "a frame is of no known kind"),
        (b"[" * 4000 + b"\n", "cannot be used"),
        (b"no json\n", "cannot be used"),
        (b"x" * 10_000 + b"\n", "ended with"),
        (line(kind="pickle", rows=2), "of no known kind"),
        (line(kind="codes", rows=11, columns=1), "1 answers for each of 11 rows"),
        (line(kind="codes", rows=-1, columns=1), "for each of -1 rows"),
        (line(kind="codes", rows=True, columns=1), "for each of True rows"),
        (line(kind="codes", rows="2", columns=1), "cannot be used"),
        (line(kind="codes", columns=1), "cannot be used"),
        (line(kind="probabilities", rows=2, columns=3), "3 answers for each of 2 rows"),
        (CODES + line(kind="end", rows=3), "says that it answered 3 rows, sent 2"),
        (line(kind="codes", rows=2, columns=1, more=True) + TWO + CODES, "do not belong"),
        (line(kind="error", error="\x1b[31mred\nherring"), r"^v7: cannot answer: \[31mred herring$"),
    ],
)
def test_a_frame_that_makes_no_sense_ends_it_with_one_line(sent: bytes, why: str) -> None:
    with pytest.raises(NoAnswerError, match=why):
        read(sent)


CURIOUS = """
import os, sys
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

class Curious(PythonModel):
    def predict(self, context, frame):
        print(dict(os.environ))
        return [float("TOKEN" in " ".join(os.environ))] * len(frame)

set_model(Curious())
"""


def test_a_model_sees_none_of_our_secrets_and_its_own_prints_are_no_answers(tmp_path: Path) -> None:
    import mlflow.pyfunc

    (tmp_path / "curious.py").write_text(CURIOUS)
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=tmp_path / "curious.py", pip_requirements=[])
    pd.DataFrame({"x": [1.0, 2.0, 3.0]}).to_parquet(tmp_path / "x.parquet")
    scorer = ChildScorer(environ={"PATH": os.environ["PATH"], "DATABRICKS_TOKEN": "dapi-secret"})
    asked = Order("v7", tmp_path / "model", ["x"], [tmp_path / "x.parquet"])
    with ChildScores(scorer).scoring(asked) as stream:
        assert [one.numbers.tolist() for one in stream] == [[0.0, 0.0, 0.0]]
    assert stream.spent.peak_mib is not None
    assert not scorer.running


FORKING = """
import os, signal, time
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

class Forking(PythonModel):
    def predict(self, context, frame):
        if os.fork() == 0:
            LEAVE
            time.sleep(300)
        os.kill(os.getpid(), signal.SIGSEGV)

set_model(Forking())
"""


@pytest.mark.parametrize("leave", ["pass", "os.setsid()"])
def test_a_model_that_dies_while_its_fork_holds_the_pipe_is_told_at_once(tmp_path: Path, leave: str) -> None:
    import mlflow.pyfunc

    (tmp_path / "forking.py").write_text(FORKING.replace("LEAVE", leave))
    mlflow.pyfunc.save_model(tmp_path / "model", python_model=tmp_path / "forking.py", pip_requirements=[])
    pd.DataFrame({"x": [1.0]}).to_parquet(tmp_path / "x.parquet")
    asked = Order("v7", tmp_path / "model", ["x"], [tmp_path / "x.parquet"], timeout_s=200)
    with ChildScores(ChildScorer()).scoring(asked) as stream, pytest.raises(NoAnswerError, match="killed by SIGSEGV"):
        list(stream)


def test_files_that_call_what_no_model_needs_are_not_loaded(tmp_path: Path) -> None:
    import pickle

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, ("true",)

    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Evil()))
    asked = Order("v7", tmp_path, ["x"])
    with pytest.raises(NoAnswerError, match="v7: is not loaded"), ChildScores(ChildScorer()).scoring(asked):
        pass
