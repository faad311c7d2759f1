"""What an endpoint is asked with: the team's rows without truth and ids where there are any, and it is said which."""

import json
from pathlib import Path

import pytest

from model_promotion.core.dataset import Dataset
from model_promotion.core.entities import Run
from model_promotion.core.errors import Conflict
from model_promotion.core.event import Kind
from model_promotion.core.payloads import Payload
from model_promotion.core.policy import EvidencePolicy, Policy
from model_promotion.core.request import Mode, Request
from model_promotion.core.run_inputs import RUN, LoggedInput
from model_promotion.engines.local import LocalEngine
from model_promotion.flows.rollouts.rows import asked_with
from model_promotion.scoring.process import ChildScorer
from model_promotion.scoring.streams import ChildScores
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.worlds import MODEL, Scene, a_scene, version

EXAMPLE = {"dataframe_split": {"columns": ["age"], "data": [[77]]}}
ROWS = "customer,age,income,churned\nada,41,10,0\nbob,42,20,1\n"


@pytest.fixture
def data(tmp_path: Path) -> str:
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    return str(tmp_path / "rows.csv")


@pytest.fixture
def scene() -> Scene:
    return a_scene(engine=LocalEngine(ChildScores(ChildScorer())))


def ask(scene: Scene, dataset: Dataset = Dataset()) -> tuple[list[list[int]], str]:
    """The rows that go out, and what is said of them."""
    rows = asked_with(version("2"), Request(Mode.PROMOTE, MODEL, eval_data=dataset), scene.world)
    said = scene.voice.events[-1]
    assert said.sentence == f"asked with {rows.told}"
    return [row_of(one) for one in rows.payloads], f"{said.kind.value}: {rows.told}"


def row_of(payload: Payload) -> list[int]:
    sent = json.loads(payload.body)["dataframe_split"]
    assert sent["columns"] == ["age"]
    (row,) = sent["data"]
    return row


def test_rows_of_the_evaluation_data_go_out_without_truth_and_ids(scene: Scene, data: str) -> None:
    dataset = Dataset(data, target="churned", id="customer")
    assert ask(scene, dataset) == ([[41], [42]], f"{Kind.WORKING.value}: 2 rows of {data}")


def test_those_that_the_policy_names_do_where_the_call_names_none(scene: Scene, data: str) -> None:
    scene.policy = Policy(evidence=EvidencePolicy(data=data, target="churned"))
    assert ask(scene)[0] == [[41], [42]]


def test_those_that_its_run_logged_do_where_they_are_asked_for(scene: Scene, data: str) -> None:
    logged = LoggedInput("rows", "1", "evaluation", "local", json.dumps({"uri": data}))
    scene.registry.run_of["2"] = Run({}, {}, (logged,))
    assert ask(scene, Dataset(RUN, target="churned"))[0] == [[41], [42]]


def test_without_data_it_is_the_saved_example_and_without_that_the_signature(scene: Scene) -> None:
    assert ask(scene)[1] == "working: rows made from its signature"
    scene.registry.metadata_of["2"] = {**scene.registry.metadata_of["2"], "saved_input_example_info": {}}
    assert ask(scene)[1] == "working: rows made from its signature"
    scene.registry.metadata_of["2"]["saved_input_example_info"] = {"type": "dataframe"}
    scene.registry.artifact_of["2", "serving_input_example.json"] = json.dumps(EXAMPLE).encode()
    assert ask(scene) == ([[77]], "working: its input example")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "there is no data at"),
        ("income,churned\n1,0\n", "lacks what v2 takes: age"),
        ("age,churned\n", "there is no row"),
        ("age,age\n1,2\n", ""),
    ],
)
def test_data_that_cannot_be_used_are_a_warning_and_something_else_goes_out(
    scene: Scene, tmp_path: Path, text: str | None, why: str
) -> None:
    path = tmp_path / "other.csv"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    rows, said = ask(scene, Dataset(str(path), target="churned"))
    assert len(rows) == 5
    assert said.startswith(f"warned: rows made from its signature instead of rows of {path}: ")
    assert why in said


def test_the_truth_never_goes_out(scene: Scene, data: str) -> None:
    assert "takes age, the truth, as an input" in ask(scene, Dataset(data, target="age"))[1]


def test_with_nothing_to_ask_nothing_is_begun(scene: Scene, data: str) -> None:
    scene.endpoints = MemoryEndpoints().serve("churn", MODEL, v1=100)
    scene.registry.metadata_of["2"] = {"flavors": {"python_function": {}}}
    before = scene.state()
    with pytest.raises(Conflict, match="v2 cannot be asked: v2 has neither an input example nor a signature"):
        scene.promote("2", update_endpoints=True)
    assert scene.state() == before
    assert ask(scene, Dataset(data, target="churned", id="customer", weight="income"))[0] == [[41], [42]]
