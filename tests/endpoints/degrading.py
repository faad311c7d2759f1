"""A real model that does worse when it is told to: errors, slowness or wrong answers, by a file beside its weights."""

from dataclasses import dataclass
from pathlib import Path

from tests.workspace.seed import write_model

HOW = ("errors", "slowness", "wrong answers")
_CODE = '''"""A churn score, and three ways to spoil it."""

import json
import time
from pathlib import Path


class Churn:
    def __init__(self, folder):
        self.folder = folder
        self.bias = json.loads((folder / "weights.json").read_text())["bias"]

    def predict(self, data, params=None):
        how = (self.folder / "how").read_text()
        if how == "errors":
            raise RuntimeError("out of memory")
        if how == "slowness":
            time.sleep(0.3)
        return [0.0 if how == "wrong answers" else self.bias + 0.01 * age for age in data["age"]]


def _load_pyfunc(path):
    return Churn(Path(path))
'''


@dataclass(frozen=True)
class Degrading:
    """The model's folder, and its switch."""

    folder: Path

    @classmethod
    def written(cls, folder: Path, bias: float) -> "Degrading":
        """One that does well."""
        model = cls(write_model(folder, bias))
        (folder / "code" / "loopback_churn.py").write_text(_CODE)
        model.turn("well")
        return model

    def turn(self, how: str) -> None:
        """From now on: `well`, or one of HOW."""
        (self.folder / "data" / "how").write_text(how)
