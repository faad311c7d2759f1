import pytest

from model_promotion.checks import permission
from model_promotion.core.entities import Rights
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from tests.worlds import a_scene, a_witness


@pytest.mark.parametrize(
    ("aliases", "tags", "verdict"),
    [
        (True, True, Verdict.PASSED),
        (True, None, Verdict.UNKNOWN),
        (None, True, Verdict.UNKNOWN),
        (None, None, Verdict.UNKNOWN),
        (False, True, Verdict.FAILED),
        (True, False, Verdict.FAILED),
        (False, None, Verdict.FAILED),
        (None, False, Verdict.FAILED),
    ],
)
def test_only_both_rights_together_pass(aliases: bool | None, tags: bool | None, verdict: Verdict) -> None:
    scene = a_scene(rights=Rights(aliases, tags, "ops owns it"))
    finding = permission.ask(a_witness(scene))
    assert finding.verdict is verdict
    assert "ops owns it" in finding.sentence
    if verdict is Verdict.FAILED:
        assert (finding.refusal, bool(finding.hint)) == (ExitCode.DENIED, True)
        assert ("move aliases" if aliases is False else "set tags") in finding.sentence


def test_not_even_force_goes_past_it() -> None:
    assert permission.WEIGHT == "bars"
