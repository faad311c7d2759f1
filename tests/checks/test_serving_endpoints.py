import json
from dataclasses import replace
from typing import Any

import pytest

from model_promotion.checks import serving_endpoints
from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import Denied
from model_promotion.core.finding import Verdict
from model_promotion.serving.memory import MemoryServing
from tests.worlds import a_scene, a_witness

AT_REST = Endpoint("churn", {"1": 100}, ready=True, updating=False, state="READY")
UPDATING = Endpoint("churn-eu", {"1": 100}, ready=True, updating=True, state="IN_PROGRESS")
DOWN = Endpoint("churn-us", {"1": 100}, ready=False, updating=False, state="NOT_READY")
SILENT = Endpoint("churn-jp", {"1": 100}, ready=None, updating=False, state="?")
UNCLEAR = Endpoint("churn-jp", {"1": 100}, ready=True, updating=None, state="?")
SHADOW = Endpoint("churn-old", {"3": 0, "1": 0}, ready=None, updating=True, state="IN_PROGRESS")


@pytest.mark.parametrize(
    ("endpoints", "verdict"),
    [
        ((), Verdict.PASSED),
        ((AT_REST,), Verdict.PASSED),
        ((UPDATING,), Verdict.FAILED),
        ((AT_REST, UPDATING), Verdict.FAILED),
        ((DOWN, UPDATING), Verdict.FAILED),
        ((SILENT, UPDATING), Verdict.FAILED),
        ((DOWN,), Verdict.WARNED),
        ((AT_REST, DOWN), Verdict.WARNED),
        ((SILENT,), Verdict.UNKNOWN),
        ((UNCLEAR,), Verdict.UNKNOWN),
        ((AT_REST, SILENT), Verdict.UNKNOWN),
        ((SHADOW,), Verdict.FAILED),
    ],
)
def test_only_endpoints_known_to_be_at_rest_pass(endpoints: tuple[Endpoint, ...], verdict: Verdict) -> None:
    finding = serving_endpoints.judge(endpoints, "1", "this workspace")
    assert finding.verdict is verdict
    assert all(endpoint.name in finding.sentence for endpoint in endpoints)
    assert bool(finding.hint) is (verdict is Verdict.FAILED)


@pytest.mark.parametrize("endpoint", [AT_REST, UPDATING, DOWN, SILENT, UNCLEAR])
@pytest.mark.parametrize("champion", ["2", "11", ""])
def test_an_endpoint_of_another_version_is_told_and_bars_nothing(endpoint: Endpoint, champion: str) -> None:
    finding = serving_endpoints.judge((endpoint,), champion, "this workspace")
    assert finding.verdict is Verdict.PASSED
    assert f"{endpoint.name} serves v1 100 % [{endpoint.state}]" in finding.sentence


def needing(*names: str) -> dict[str, Any]:
    inputs = [{"name": name, "type": "long", "required": True} for name in names]
    return {"signature": {"inputs": json.dumps(inputs), "outputs": json.dumps([{"type": "double"}]), "params": None}}


@pytest.mark.parametrize(
    ("served", "candidate", "verdict"),
    [
        ("1", needing("age", "name"), Verdict.FAILED),
        ("1", needing("age"), Verdict.PASSED),
        ("1", {"signature": "nonsense"}, Verdict.PASSED),
        ("1", {}, Verdict.PASSED),
        ("3", needing("age", "name"), Verdict.PASSED),
    ],
)
def test_callers_of_a_served_champion_must_not_break(served: str, candidate: dict[str, Any], verdict: Verdict) -> None:
    scene = a_scene(serving=MemoryServing(replace(AT_REST, serves={served: 100})))
    scene.registry.metadata_of.update({"1": needing("age"), "2": candidate})
    finding = serving_endpoints.ask(a_witness(scene))
    assert finding
    assert (finding.verdict, "callers would break on v2" in finding.sentence) == (verdict, verdict is Verdict.FAILED)


def test_where_nothing_is_served_the_question_does_not_arise() -> None:
    assert serving_endpoints.ask(a_witness(a_scene())) is None


@pytest.mark.parametrize(("serves", "said"), [({"1": 100}, True), ({"3": 100}, False), ({"3": 90, "1": 10}, True)])
def test_that_an_endpoint_stays_with_the_champion_is_said(serves: dict[str, int], *, said: bool) -> None:
    serving = MemoryServing(Endpoint("churn", serves, ready=True, updating=False, state="READY"))
    finding = serving_endpoints.ask(a_witness(a_scene(serving=serving)))
    assert finding
    assert finding.verdict is Verdict.PASSED
    assert ("keep serving v1" in finding.sentence) is said


def test_a_list_that_may_not_be_read_is_no_answer() -> None:
    with pytest.raises(Denied):
        serving_endpoints.ask(a_witness(a_scene(serving=MemoryServing(broken=Denied("403")))))
