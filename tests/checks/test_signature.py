import json
from typing import Any

import pytest

from model_promotion.checks import signature
from model_promotion.core.finding import Finding, Verdict
from tests.worlds import a_scene, a_witness

AGE = {"name": "age", "type": "long", "required": True}
NAME = {"name": "name", "type": "string", "required": True}


def signed(*inputs: dict[str, Any]) -> dict[str, Any]:
    return {"signature": {"inputs": json.dumps(inputs), "outputs": json.dumps([{"type": "double"}]), "params": None}}


def asked(champion: dict[str, Any] | None, candidate: dict[str, Any]) -> Finding:
    scene = a_scene(aliases={"champion": "1"} if champion is not None else {})
    scene.registry.metadata_of.update({"1": champion or {}, "2": candidate})
    return signature.ask(a_witness(scene))


@pytest.mark.parametrize(
    ("champion", "candidate", "verdict"),
    [
        (signed(AGE), signed(AGE), Verdict.PASSED),
        (signed(AGE, NAME), signed(AGE), Verdict.PASSED),
        (signed(AGE), signed(AGE, NAME), Verdict.FAILED),
        (signed(AGE), {}, Verdict.UNKNOWN),
        ({}, signed(AGE), Verdict.UNKNOWN),
        ({}, {}, Verdict.UNKNOWN),
        (None, signed(AGE), Verdict.PASSED),
        (None, {}, Verdict.PASSED),
        (signed(AGE), {"signature": "nonsense"}, Verdict.FAILED),
        ({"signature": {"inputs": "{"}}, signed(AGE), Verdict.FAILED),
    ],
)
def test_callers_of_the_champion_must_not_break(
    champion: dict[str, Any] | None, candidate: dict[str, Any], verdict: Verdict
) -> None:
    assert asked(champion, candidate).verdict is verdict


def test_what_would_break_is_named() -> None:
    finding = asked(signed(AGE), signed(AGE, NAME))
    assert "callers of v1 would break on v2" in finding.sentence
    assert "name" in finding.sentence
    assert "--force" in finding.hint


def test_a_first_version_says_that_there_is_nothing_to_compare_with() -> None:
    assert "no champion" in asked(None, signed(AGE)).sentence
