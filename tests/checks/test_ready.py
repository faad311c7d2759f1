import pytest

from model_promotion.checks import ready
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from tests.worlds import a_scene, a_witness, version


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("READY", Verdict.PASSED),
        ("PENDING_REGISTRATION", Verdict.FAILED),
        ("FAILED_REGISTRATION", Verdict.FAILED),
        ("", Verdict.FAILED),
        ("ready", Verdict.FAILED),
    ],
)
def test_only_a_ready_version_passes(status: str, verdict: Verdict) -> None:
    scene = a_scene(version("1"), version("2", status=status, status_message="copying"))
    finding = ready.ask(a_witness(scene))
    assert (finding.verdict, finding.refusal, finding.facts["status"]) == (verdict, ExitCode.REFUSED, status)
    assert ("copying" in finding.sentence) is (verdict is Verdict.FAILED)
    assert bool(finding.hint) is (verdict is Verdict.FAILED)


def test_not_even_force_goes_past_it() -> None:
    assert ready.WEIGHT == "bars"
