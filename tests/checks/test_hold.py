from model_promotion.checks import hold
from model_promotion.core.finding import Verdict
from model_promotion.core.intent import HOLD_TAG
from tests.worlds import MODEL, a_scene, a_witness, version


def test_a_version_without_a_hold_passes() -> None:
    assert hold.ask(a_witness(a_scene())).verdict is Verdict.PASSED


def test_a_held_version_fails_with_the_reason_and_the_command_that_lifts_it() -> None:
    scene = a_scene(version("1"), version("2", tags={HOLD_TAG: "rolled back from @champion"}))
    finding = hold.ask(a_witness(scene))
    assert (finding.verdict, finding.weight) == (Verdict.FAILED, "blocks")
    assert "rolled back from @champion" in finding.sentence
    assert finding.hint.endswith(f"promote_model.py {MODEL} --version 2 --release")


def test_an_empty_hold_still_holds() -> None:
    scene = a_scene(version("1"), version("2", tags={HOLD_TAG: ""}))
    assert hold.ask(a_witness(scene)).verdict is Verdict.FAILED
