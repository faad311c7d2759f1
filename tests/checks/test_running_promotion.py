import pytest

from model_promotion.checks import running_promotion
from model_promotion.core.finding import Verdict
from model_promotion.core.intent import INTENT_TAG, Intent, Move
from tests.worlds import a_scene, a_witness

FIRST = Intent("a", "promote", "champion", (Move("champion", None, "2"),), 1_700_000_000.0)
LATER = Intent("b", "rollback", "champion", (Move("champion", "2", "1"),), 1_700_000_000.0, "2")


def test_a_model_without_an_intent_passes() -> None:
    assert running_promotion.ask(a_witness(a_scene())).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            FIRST.text,
            "a promote of @champion from nothing to v2 is under way or was cut off, since 2023-11-14 22:13:20Z",
        ),
        (LATER.text, "a rollback of @champion from v2 to v1 is under way or was cut off, since 2023-11-14 22:13:20Z"),
        ("", "did not write"),
        ("[]", "did not write"),
    ],
)
def test_whatever_is_announced_bars_and_the_way_out_is_named(text: str, told: str) -> None:
    scene = a_scene()
    scene.tag_by_hand(INTENT_TAG, text)
    finding = running_promotion.ask(a_witness(scene))
    assert (finding.verdict, running_promotion.WEIGHT) == (Verdict.FAILED, "bars")
    assert told in finding.sentence
    assert "--recover resume" in finding.hint
