"""Pickles that do harm are found without being loaded; models as MLflow saves them are let through."""

import builtins
import bz2
import gzip
import lzma
import os
import pickle
import random
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from model_promotion.core.trial import Trial
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.scan import UNREAD, dangers


class Bomb:
    """What goes off when it is unpickled."""

    def __init__(self, call: Callable[..., object], *args: object) -> None:
        self.call = (call, args)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


class Double(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """A model that is pickled as an object, with the code that it needs."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002 - theirs
        return model_input * 2


CALLS = [
    (os.system, "system"),
    (subprocess.check_output, "check_output"),
    (builtins.exec, "exec"),
    (builtins.eval, "eval"),
]


@pytest.mark.parametrize(("call", "name"), CALLS)
@pytest.mark.parametrize(
    "file", ["model.pkl", "deep/down/weights.pickle", "data.bin", "model.dill", "model", "model.PKL"]
)
def test_a_pickle_that_calls_what_does_harm_is_found_and_not_loaded(
    call: Callable[..., object], name: str, file: str, tmp_path: Path
) -> None:
    marker, path = tmp_path / "went-off", tmp_path / "model" / file
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(Bomb(call, f"touch {marker}")))
    assert any(found.endswith(f".{name}") for found in dangers(tmp_path / "model"))
    assert not marker.exists()


def test_a_dangerous_model_is_never_begun_and_the_reason_is_its_error(tmp_path: Path) -> None:
    marker, folder = tmp_path / "went-off", tmp_path / "model"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n")
    (folder / "model.pkl").write_bytes(pickle.dumps(Bomb(os.system, f"touch {marker}")))
    error = ChildScorer().run(Trial("candidate v7", folder, timeout_s=60, repeats=1)).error
    assert error
    assert "is not loaded, its files call" in error
    assert "system" in error
    assert not marker.exists()


def test_a_pickle_in_an_archive_of_any_name_is_found(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "weights", "w") as archive:
        archive.writestr("inner.pkl", pickle.dumps(Bomb(os.system, "true")))
    assert any(found.endswith(".system") for found in dangers(tmp_path))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zlib.compress])
@pytest.mark.parametrize("name", ["model.joblib", "weights"])
def test_a_packed_pickle_is_found(pack: Callable[[bytes], bytes], name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(pack(pickle.dumps(Bomb(os.system, "true"))))
    assert any(found.endswith(".system") for found in dangers(tmp_path))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_any_protocol_and_name_is_found_also_without_its_first_bytes(protocol: int, tmp_path: Path) -> None:
    written = pickle.dumps(Bomb(os.system, "true"), protocol)
    (tmp_path / "whole").write_bytes(written)
    assert any(found.endswith(".system") for found in dangers(tmp_path))
    (tmp_path / "whole").write_bytes(written.removeprefix(bytes((0x80, protocol))))
    assert any(found.endswith(".system") for found in dangers(tmp_path))


def test_other_files_are_no_pickles_whatever_they_hold(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("cloudpickle==3.1.2\nnumpy==2.4.6\n")
    (tmp_path / "model.ubj").write_bytes(bytes(random.Random(7).randrange(256) for _ in range(20_000)))  # noqa: S311
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert dangers(tmp_path) == ()


def test_an_empty_file_and_a_text_are_nothing_to_scan(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").touch()
    (tmp_path / "README").write_text("a model")
    assert dangers(tmp_path) == ()


@pytest.mark.parametrize("how", ["cloudpickle", "pickle"])
def test_a_scikit_learn_model_is_not_dangerous(how: str, tmp_path: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0]})
    model = make_pipeline(StandardScaler(), RandomForestClassifier(2)).fit(rows, [0, 0, 1, 1])
    mlflow.sklearn.save_model(model, tmp_path / "m", pip_requirements=[], serialization_format=how)
    assert dangers(tmp_path / "m") == ()


def test_a_python_model_that_was_pickled_with_its_code_is_not_dangerous(tmp_path: Path) -> None:
    mlflow.pyfunc.save_model(tmp_path / "m", python_model=Double(), pip_requirements=[])
    assert (tmp_path / "m" / "python_model.pkl").exists()
    assert dangers(tmp_path / "m") == ()


BROKEN_ZIP = b"PK\x03\x04 and then nothing that makes sense"


@pytest.mark.parametrize("file", ["model.pt", "model.pth", "weights.bin"])
def test_a_broken_zip_that_torch_would_open_cannot_be_scanned(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(BROKEN_ZIP)
    assert dangers(tmp_path) == (UNREAD,)


@pytest.mark.parametrize("file", ["model.zip", "data.npz", "model.pkl"])
def test_a_broken_zip_that_holds_no_pickle_is_harmless(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_bytes(BROKEN_ZIP)
    assert dangers(tmp_path) == ()


def test_a_pickle_that_is_cut_off_after_its_call_is_both(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(Bomb(os.system, "true"))[:-1])
    assert dangers(tmp_path) == ("posix.system", UNREAD)


def test_a_file_that_has_changed_since_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps({"weights": [1, 2]}))
    assert (dangers(tmp_path), dangers(tmp_path)) == ((), ())
    path.write_bytes(pickle.dumps(Bomb(os.system, "true")))
    assert dangers(tmp_path)
