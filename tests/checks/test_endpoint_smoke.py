"""With --endpoint: does what was named answer the candidate's example?"""

from typing import Any

import pytest

from model_promotion.checks import endpoint_smoke
from model_promotion.core.answers import Asked
from model_promotion.core.errors import NotFound
from model_promotion.core.finding import Finding, Verdict
from model_promotion.serving.memory import MemoryLoader, MemoryServers
from tests.worlds import a_scene, a_witness, version

URL = "http://127.0.0.1:5001"
# The scene's version has no example; its signature makes five rows.
SOUND = Asked(4.2, 200, b'{"predictions": [1, 2, 3, 4, 5]}')


def ask(asked: Asked = SOUND, *endpoints: str, **options: Any) -> Finding | None:
    with a_witness(
        a_scene(servers=MemoryServers(asked), loader=MemoryLoader(asked=asked)),
        endpoints=endpoints or (URL,),
        **options,
    ) as witness:
        return endpoint_smoke.ask(witness)


def found(asked: Asked = SOUND, *endpoints: str) -> Finding:
    finding = ask(asked, *endpoints)
    assert finding
    return finding


def test_nothing_is_asked_where_no_endpoint_was_named() -> None:
    with a_witness(a_scene()) as witness:
        assert endpoint_smoke.ask(witness) is None


def test_an_answer_for_every_row_passes_and_what_is_not_known_of_it_is_said() -> None:
    finding = found()
    assert finding.verdict is Verdict.PASSED
    assert finding.sentence == f"{URL} answered 5 predictions for 5 rows in 4.2 ms, from which version it does not say"
    said = found(Asked(1, 200, SOUND.answer, "churn-7")).sentence
    assert said.endswith("by its word from churn-7")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(1, 200, b'{"predictions": [1, 2]}'), "answered 2 predictions for 5 rows"),
        (Asked(1, 200, b'{"predictions": [1, 2, NaN, 4, 5]}'), "answered predictions[2] = nan"),
        (Asked(1, 400, b'{"message": "no column age"}'), "answered 400: no column age"),
        (Asked(1, 429, b""), "answered 429"),
        (Asked(1, error="nobody listens"), "did not answer: nobody listens"),
    ],
)
def test_what_is_no_answer_fails_with_the_reason(asked: Asked, said: str) -> None:
    finding = found(asked)
    assert finding.verdict is Verdict.FAILED
    assert said in finding.sentence
    assert finding.hint


def test_nobody_there_is_said_once_with_a_hint_that_fits() -> None:
    finding = found(Asked(1, error="nobody listens at h:1"))
    assert finding.sentence.count("nobody listens") == 1
    assert "host and port" in finding.hint


def test_an_endpoint_that_cannot_be_asked_is_unknown_and_one_that_fails_outweighs_it() -> None:
    finding = found(SOUND, URL, "churn-prod")
    assert finding.verdict is Verdict.UNKNOWN
    assert "there is no workspace here that could have an endpoint churn-prod" in finding.sentence
    assert f"{URL} answered 5 predictions" in finding.sentence
    assert found(Asked(1, 500), URL, "churn-prod").verdict is Verdict.FAILED


def test_without_an_example_or_a_signature_there_is_nothing_to_ask() -> None:
    scene = a_scene()
    scene.registry.add(version("2"), metadata={"flavors": {}})
    with a_witness(scene, endpoints=(URL,)) as witness, pytest.raises(NotFound, match="neither an input example nor"):
        endpoint_smoke.ask(witness)
