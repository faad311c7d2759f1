"""Which data are meant; what several checks ask for is fetched once, and gone when the asking ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from model_promotion.core.dataset import Dataset
from model_promotion.core.entities import Run, Version
from model_promotion.core.errors import PromotionError
from model_promotion.core.run_inputs import LoggedInput
from model_promotion.witness import Witness
from tests.worlds import Registry, a_scene, a_witness, version


class Counting(Registry):
    """A registry that keeps what was downloaded."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def download(self, version: Version, into: Path) -> Path:
        self.fetched.append(version.number)
        return super().download(version, into)


def test_the_files_of_a_version_are_downloaded_once_however_many_ask_for_them() -> None:
    registry = Counting()
    with a_witness(a_scene(version("1"), version("2"), registry=registry)) as witness:
        candidate, champion = witness.plan.candidate, witness.plan.champion
        assert champion
        first, again, other = witness.files(candidate), witness.files(candidate), witness.files(champion)
        assert first == again != other
        assert first.is_dir()
        assert other.is_dir()
    assert registry.fetched == ["2", "1"]
    assert not first.exists()
    assert not other.exists()


def logged(context: str, kind: str = "local", **source: str) -> LoggedInput:
    return LoggedInput("rows", "5195e9ad", context, kind, json.dumps(source))


def of_run(run: Run, **options: Any) -> Witness:
    scene = a_scene(version("1"), version("2"))
    scene.registry.run_of["2"] = run
    return a_witness(scene, eval_data=Dataset("run", "sold"), **options)


def test_the_data_of_the_run_are_the_candidates_and_keep_the_columns_that_were_named() -> None:
    witness = of_run(Run(inputs=(logged("training", uri="a.csv"), logged("test", uri="b.csv"))))
    assert witness.evaluation_data == Dataset("b.csv", "sold")
    assert witness.data_asked_for == Dataset("run", "sold")


def test_data_that_are_named_have_no_run() -> None:
    witness = a_witness(a_scene(version("1"), version("2")), eval_data=Dataset("./run"))
    assert (witness.run_input, witness.evaluation_data.uri) == (None, "./run")


@pytest.mark.parametrize(
    ("run", "said", "hint"),
    [
        (Run(deleted=True, inputs=(logged("test", uri="b.csv"),)), "the run of v2 was deleted", "--eval-data PATH"),
        (Run(), "the run of v2 logged no dataset", "--eval-data PATH"),
        (
            Run(inputs=(logged("test", "delta_table", delta_table_name="main.ml.rows"),)),
            "the run's data are the table main.ml.rows, which this engine does not read",
            "--engine spark",
        ),
    ],
)
def test_a_run_that_does_not_tell_which_data_is_one_line(run: Run, said: str, hint: str) -> None:
    with pytest.raises(PromotionError) as wrong:
        _ = of_run(run).evaluation_data
    assert (str(wrong.value), hint in wrong.value.hint) == (said, True)


def test_the_table_of_a_run_is_one_for_an_engine_that_reads_tables() -> None:
    table = Run(inputs=(logged("test", "delta_table", delta_table_name="main.ml.rows"),))
    assert of_run(table, engine="spark").evaluation_data.uri == "main.ml.rows"
