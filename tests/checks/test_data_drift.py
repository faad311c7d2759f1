"""What the check says of distances and changes, and when it is asked at all."""

from typing import Any

import pytest

from model_promotion.checks import data_drift
from model_promotion.core.errors import BadCall
from model_promotion.core.finding import Finding, Verdict
from model_promotion.evidence.drift import Distance, Drift
from model_promotion.evidence.profiling import Change
from tests.worlds import a_scene, a_witness


def asked(**options: Any) -> Finding | None:
    return data_drift.ask(a_witness(a_scene(), **options))


def test_nobody_is_asked_about_drift_who_named_no_data() -> None:
    assert asked() is None


@pytest.mark.parametrize(("one", "other"), [("reference_data", "--current-data"), ("current_data", "--reference-data")])
def test_one_sample_alone_says_what_to_add(one: str, other: str) -> None:
    with pytest.raises(BadCall) as wrong:
        asked(**{one: "rows.parquet"})
    assert other in wrong.value.hint


MOVED = Distance("age", "ks", 0.31, 0.1, p=0.0001, p_holm=0.0004, chance=0.04, drifted=True)
STILL = Distance("age", "psi", 0.02, 0.1)
SAME = Distance("city", "psi", 0.01, 0.1)
CALM = (Change("age", (0.0, 0.0), beyond=False),)


@pytest.mark.parametrize(
    ("found", "verdict", "said"),
    [
        (Drift((STILL, SAME)), Verdict.PASSED, "none of 2 columns drifted"),
        (Drift((MOVED, STILL, SAME)), Verdict.FAILED, "1 of 2 columns drifted: age"),
        (Drift((SAME,), too_few=("age",)), Verdict.UNKNOWN, "too few rows to tell of age"),
        (Drift(()), Verdict.UNKNOWN, "there is no column to compare"),
    ],
)
def test_drift_fails_and_what_cannot_be_told_never_passes(found: Drift, verdict: Verdict, said: str) -> None:
    finding = data_drift.finding(found, CALM, {})
    assert (finding.verdict, finding.sentence) == (verdict, said)
    assert bool(finding.hint) is (verdict is not Verdict.PASSED)


def test_the_table_shows_what_drifted_with_what_chance_does() -> None:
    table = data_drift.finding(Drift((MOVED, STILL)), CALM, {}).table
    assert table
    assert table.rows == [("age", "ks", "0.310", "0.100", "0.040", "0.0004", "drifted")]


def test_more_missing_values_and_new_ones_are_said_beside() -> None:
    changed = (Change("age", (0.05, 0.12), beyond=False), Change("city", (0, 0), beyond=False, new_levels=("Rome",)))
    said = data_drift.finding(Drift((SAME,)), changed, {}).sentence
    assert said == "none of 1 columns drifted; age is missing in 12.0% (was 5.0%); city has new values (Rome)"
