"""Can the candidate be rolled out?"""

import pytest

from model_promotion.access.memory import MemoryAccess
from model_promotion.checks import endpoint_rollout
from model_promotion.core.finding import Verdict
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.worlds import MODEL, a_scene, a_witness


def asked(endpoints: MemoryEndpoints | None, **options: object) -> tuple[Verdict, str]:
    finding = endpoint_rollout.ask(a_witness(a_scene(endpoints=endpoints), **options))
    assert finding
    return finding.verdict, finding.sentence


def shop(looks: int = 0, **raw: object) -> MemoryEndpoints:
    made = MemoryEndpoints(looks=looks).serve("churn", MODEL, v1=100)
    made.raw["churn"] |= raw
    return made


def test_without_the_option_the_question_does_not_arise() -> None:
    assert endpoint_rollout.ask(a_witness(a_scene(endpoints=shop()))) is None


OTHERS = MemoryEndpoints().serve("churn", MODEL, v3=100)
UPDATING = {"state": {"ready": "READY", "config_update": "IN_PROGRESS"}}
CASES = {
    "an endpoint at rest": (shop(), Verdict.PASSED, "1 endpoint can be changed: churn serves v1 100 %"),
    "one that is updated": (shop(looks=9, **UPDATING), Verdict.FAILED, "churn: it is being updated"),
    "one to look at only": (shop(permission_level="CAN_VIEW"), Verdict.FAILED, "CAN_MANAGE is needed"),
    "one of another version": (
        OTHERS,
        Verdict.PASSED,
        "nothing is rolled out",
    ),
    "no endpoint": (MemoryEndpoints(), Verdict.PASSED, "none names the model"),
    "no workspace": (None, Verdict.FAILED, "no serving backend"),
    "a route-optimised one": (shop(route_optimized=True), Verdict.PASSED, "OAuth only"),
}


@pytest.mark.parametrize(("endpoints", "verdict", "said"), CASES.values(), ids=CASES.keys())
def test_what_stands_in_the_way_refuses_and_what_cannot_be_settled_is_said(
    endpoints: MemoryEndpoints | None, verdict: Verdict, said: str
) -> None:
    found, sentence = asked(endpoints, update_endpoints=True)
    assert found is verdict
    assert said in sentence


def test_a_canary_needs_an_endpoint() -> None:
    assert asked(MemoryEndpoints(), canary=(5, 50))[0] is Verdict.FAILED


def test_a_creator_who_is_not_seen_to_have_execute_is_named() -> None:
    scene = a_scene(endpoints=shop(creator="left@example.com"), access=MemoryAccess(executes=None))
    finding = endpoint_rollout.ask(a_witness(scene, update_endpoints=True))
    assert finding
    assert finding.verdict is Verdict.PASSED
    assert "left@example.com, who created churn" in finding.sentence
