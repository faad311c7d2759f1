import pytest

from model_promotion.checks import deployment_job
from model_promotion.core.entities import DeploymentJobState, RegisteredModel
from model_promotion.core.finding import Verdict
from tests.worlds import MODEL, a_scene, a_witness, version


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("SUCCEEDED", Verdict.PASSED),
        ("FAILED", Verdict.FAILED),
        ("RUNNING", Verdict.FAILED),
        ("APPROVAL", Verdict.FAILED),
        ("PENDING", Verdict.FAILED),
        ("NO_VALID_DEPLOYMENT_JOB_FOUND", Verdict.FAILED),
        ("", Verdict.UNKNOWN),
        ("DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED", Verdict.UNKNOWN),
        (None, Verdict.UNKNOWN),
    ],
)
def test_only_a_job_that_succeeded_passes(state: str | None, verdict: Verdict) -> None:
    job = DeploymentJobState("77", state, "approve") if state is not None else None
    scene = a_scene(version("1"), version("2", deployment_job=job))
    scene.registry.models[MODEL] = RegisteredModel(MODEL, {"champion": "1"}, deployment_job_id="77")
    finding = deployment_job.ask(a_witness(scene))
    assert finding
    assert finding.verdict is verdict
    assert "77" in finding.sentence
    assert bool(finding.hint) is (verdict is Verdict.FAILED)


def test_a_model_without_a_job_is_not_asked() -> None:
    assert deployment_job.ask(a_witness(a_scene())) is None
