import pytest

from model_promotion.checks import running_promotion
from model_promotion.core.finding import Verdict
from model_promotion.core.intent import INTENT_TAG, Intent, Move
from tests.worlds import a_scene, a_witness

FIRST = Intent("a" * 12, "a" * 12, "promote", "champion", (Move("champion", None, "2"),), 1_700_000_000.0)
LATER = Intent("b" * 12, "b" * 12, "rollback", "champion", (Move("champion", "2", "1"),), 1_700_000_000.0, "2")


def test_a_model_without_an_intent_passes() -> None:
    assert running_promotion.ask(a_witness(a_scene())).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        (
            FIRST.key,
            FIRST.text,
            "a promote of @champion from nothing to v2 is under way or was cut off, since 2023-11-14 22:13:20Z",
        ),
        (
            LATER.key,
            LATER.text,
            "a rollback of @champion from v2 to v1 is under way or was cut off, since 2023-11-14 22:13:20Z",
        ),
        (INTENT_TAG, "", "the tag promotion_intent holds something this program did not write"),
        (FIRST.key, "[]", "did not write"),
        (LATER.key, FIRST.text + " ", "did not write"),
    ],
)
def test_whatever_is_announced_bars_and_the_way_out_is_named(key: str, text: str, told: str) -> None:
    scene = a_scene()
    scene.tag_by_hand(key, text)
    finding = running_promotion.ask(a_witness(scene))
    assert (finding.verdict, running_promotion.WEIGHT) == (Verdict.FAILED, "bars")
    assert told in finding.sentence
    assert "--recover resume" in finding.hint


def test_of_several_the_oldest_is_told_and_the_others_are_counted() -> None:
    scene = a_scene()
    for intent in (LATER, FIRST):
        scene.tag_by_hand(intent.key, intent.text)
    assert running_promotion.ask(a_witness(scene)).sentence.endswith("(and 1 more)")


def test_a_tag_of_a_teams_own_with_a_like_name_is_none_of_ours() -> None:
    scene = a_scene()
    scene.tag_by_hand(f"{INTENT_TAG}_note", "we promote on Fridays")
    assert running_promotion.ask(a_witness(scene)).verdict is Verdict.PASSED
