import pytest

from model_promotion.checks import backup_guard
from model_promotion.core.finding import Verdict, Weight
from tests.worlds import METADATA, a_scene, a_witness, version


def test_without_a_champion_the_question_does_not_arise() -> None:
    assert backup_guard.ask(a_witness(a_scene(aliases={"staging": "2"}))) is None


def test_a_champion_that_is_ready_with_its_files_can_be_gone_back_to() -> None:
    finding = backup_guard.ask(a_witness(a_scene()))
    assert finding
    assert (finding.verdict, "v1 can be gone back to" in finding.sentence) == (Verdict.PASSED, True)


@pytest.mark.parametrize("status", ["FAILED_REGISTRATION", "PENDING_REGISTRATION", ""])
def test_a_champion_that_is_not_ready_is_no_way_back(status: str) -> None:
    scene = a_scene()
    scene.registry.add(version("1", status=status), metadata=METADATA)
    finding = backup_guard.ask(a_witness(scene))
    assert finding
    assert (finding.verdict, "no way back" in finding.sentence, bool(finding.hint)) == (Verdict.FAILED, True, True)


def test_a_champion_whose_files_are_gone_is_no_way_back() -> None:
    scene = a_scene()
    del scene.registry.metadata_of["1"]
    finding = backup_guard.ask(a_witness(scene))
    assert finding
    assert (finding.verdict, finding.sentence) == (Verdict.FAILED, "no way back: v1 has no files")


def test_a_lost_way_back_is_a_warning_as_the_promotion_may_be_the_way_out() -> None:
    scene = a_scene()
    del scene.registry.metadata_of["1"]
    assert backup_guard.WEIGHT is Weight.ADVISES
    assert (scene.promote().code, scene.aliases["champion"]) == (1, "2")
