import pytest

from model_promotion.checks import serving_endpoints
from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import Denied
from model_promotion.core.finding import Verdict
from model_promotion.serving.memory import MemoryServing
from tests.worlds import a_scene, a_witness

AT_REST = Endpoint("churn", {"1": 100}, ready=True, updating=False, state="READY")
UPDATING = Endpoint("churn-eu", {"1": 100}, ready=True, updating=True, state="IN_PROGRESS")
DOWN = Endpoint("churn-us", {"1": 100}, ready=False, updating=False, state="NOT_READY")
SILENT = Endpoint("churn-jp", {"1": 100}, ready=None, updating=False, state="?")
UNCLEAR = Endpoint("churn-jp", {"1": 100}, ready=True, updating=None, state="?")


@pytest.mark.parametrize(
    ("endpoints", "verdict"),
    [
        ((), Verdict.PASSED),
        ((AT_REST,), Verdict.PASSED),
        ((UPDATING,), Verdict.FAILED),
        ((AT_REST, UPDATING), Verdict.FAILED),
        ((DOWN, UPDATING), Verdict.FAILED),
        ((SILENT, UPDATING), Verdict.FAILED),
        ((DOWN,), Verdict.WARNED),
        ((AT_REST, DOWN), Verdict.WARNED),
        ((SILENT,), Verdict.UNKNOWN),
        ((UNCLEAR,), Verdict.UNKNOWN),
        ((AT_REST, SILENT), Verdict.UNKNOWN),
    ],
)
def test_only_endpoints_known_to_be_at_rest_pass(endpoints: tuple[Endpoint, ...], verdict: Verdict) -> None:
    finding = serving_endpoints.judge(endpoints, "this workspace")
    assert finding.verdict is verdict
    assert all(endpoint.name in finding.sentence for endpoint in endpoints)
    assert bool(finding.hint) is (verdict is Verdict.FAILED)


def test_where_nothing_is_served_the_question_does_not_arise() -> None:
    assert serving_endpoints.ask(a_witness(a_scene())) is None


@pytest.mark.parametrize(("serves", "said"), [({"1": 100}, True), ({"3": 100}, False), ({"3": 90, "1": 10}, True)])
def test_that_an_endpoint_stays_with_the_champion_is_said(serves: dict[str, int], *, said: bool) -> None:
    serving = MemoryServing(Endpoint("churn", serves, ready=True, updating=False, state="READY"))
    finding = serving_endpoints.ask(a_witness(a_scene(serving=serving)))
    assert finding
    assert finding.verdict is Verdict.PASSED
    assert ("keep serving v1" in finding.sentence) is said


def test_a_list_that_may_not_be_read_is_no_answer() -> None:
    with pytest.raises(Denied):
        serving_endpoints.ask(a_witness(a_scene(serving=MemoryServing(broken=Denied("403")))))
