"""The sources of one canary share its alpha, whatever they have in common."""

import pytest

from benchmarks.health import canaries
from model_promotion.core.health import Health
from model_promotion.core.load import Destination, Ending, Load, LoadRun, LoadTest, Sample
from model_promotion.core.payloads import Payload
from model_promotion.evidence.health.canary import QUANTILES, CanaryRules, Probed, counted


@pytest.mark.parametrize("endpoints", [1, 2, 7])
def test_the_parts_are_alpha_however_many_endpoints_there_are(endpoints: int) -> None:
    rules = CanaryRules(0.01, endpoints=endpoints)
    parts = [rules.errors.alpha, *(rules.quantile(one).alpha for one in QUANTILES)]
    assert sum(parts) + endpoints * rules.in_service.alpha == pytest.approx(0.01)


def test_canaries_of_as_good_a_candidate_alarm_in_at_most_alpha_of_all() -> None:
    assert all(row.holds for row in canaries(60))


def a_run(ending: Ending, n: int = 400) -> LoadRun:
    targets = tuple(Destination(name, name) for name in ("it-1", "it-2"))
    samples = [Sample(target, 0.0, 0.0, 0.01, Ending.ANSWERED) for target in (0, 1) for _ in range(n)]
    samples += [Sample(1, 0.0, 0.0, 0.01, ending) for _ in range(n)]
    return LoadRun(Load(targets, (Payload(b"{}"),), LoadTest(5, 20)), tuple(samples))


@pytest.mark.parametrize("ending", [one for one in Ending if one is not Ending.ANSWERED])
def test_whatever_is_no_answer_is_an_error(ending: Ending) -> None:
    run = a_run(ending)
    assert (counted(run.samples).bad, counted(run.samples).seen) == (400, 1200)
    (errors,) = Probed.none(CanaryRules()).after(run).readings(at_the_end=False)
    assert errors.verdict is Health.FAIL


def test_as_many_errors_as_the_champion_has_are_none_of_its_own() -> None:
    run = a_run(Ending.ANSWERED)
    found = Probed.none(CanaryRules()).after(run).readings(at_the_end=True)
    assert [one.verdict for one in found if one.decides] == [Health.PASS] * 2
