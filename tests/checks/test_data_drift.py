"""What the check says of distances and changes, and when it is asked at all."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_promotion.checks import data_drift
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.record import digest
from model_promotion.core.request import Mode
from model_promotion.evidence.drift import Distance, Drift
from model_promotion.evidence.keeping import FILE, unpacked
from model_promotion.evidence.profiling import Change
from tests.checks.drifting import Shop
from tests.worlds import Killed, a_scene, a_witness, killed_after


def asked(**options: Any) -> Finding | None:
    return data_drift.ask(a_witness(a_scene(), **options))


def test_nobody_is_asked_about_drift_who_named_no_data() -> None:
    assert asked() is None


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_promotion_keeps_the_profile_of_its_reference_and_the_next_needs_none(shop: Shop) -> None:
    kept = shop.told("2", Mode.PROMOTE, reference="then")
    assert (kept.verdict, kept.sentence) == (
        Verdict.PASSED,
        "once promoted, v2 keeps the profile of 2 columns, of 400 rows",
    )
    (shop.folder / "then.parquet").unlink()
    same, moved = shop.told("3", current="same"), shop.told("3", current="moved")
    assert same.sentence == (
        "none of 2 columns drifted; 1 column was not compared: payload (binary); no input of v3, so not judged: seen"
    )
    assert moved.sentence.startswith("1 of 2 columns drifted: age")
    assert same.facts["reference"]["kept"] is True
    assert same.facts["reference"]["rows"] == 400


def test_what_is_kept_names_only_columns_that_the_model_takes_and_is_in_no_document(shop: Shop) -> None:
    outcome = shop.promote("2", reference_data=shop.at("then"))
    content = shop.journal.records[0].files[FILE]
    assert set(unpacked(content).edges.columns) == {"age", "city"}
    assert "keeps" not in outcome.document["findings"][0]
    assert json.loads(shop.journal.records[0].text)["evidence"]["kept"][FILE] == digest(content)


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.DRY_RUN])
def test_what_only_looks_keeps_nothing(shop: Shop, mode: Mode) -> None:
    shop.told("2", mode, reference="then")
    assert shop.journal.records == []


def test_a_named_reference_wins_over_the_kept_one(shop: Shop) -> None:
    shop.told("2", Mode.PROMOTE, reference="then")
    found = shop.told("3", reference="moved", current="moved")
    assert (found.verdict, found.facts["reference"]["kept"]) == (Verdict.PASSED, False)


def test_after_a_rollback_the_profile_is_that_of_the_version_that_is_back(shop: Shop) -> None:
    shop.told("2", Mode.PROMOTE, reference="then")
    shop.told("3", Mode.PROMOTE, reference="moved")
    assert shop.told("4", current="moved").verdict is Verdict.PASSED
    shop.rollback()
    assert shop.told("4", current="moved").verdict is Verdict.FAILED


def test_what_went_to_the_spare_journal_is_found_there(shop: Shop) -> None:
    shop.journal.broken = True
    shop.told("2", Mode.PROMOTE, reference="then")
    shop.journal.broken = False
    assert shop.told("3", current="same").verdict is Verdict.PASSED


def test_a_promotion_that_recovery_finished_keeps_no_profile_and_the_next_check_says_so(shop: Shop) -> None:
    shop.fail(3, killed_after)
    with pytest.raises(Killed):
        shop.promote("2", reference_data=shop.at("then"))
    assert shop.heal().recover("resume").code == 0
    assert (shop.aliases["champion"], shop.fits()) == ("2", True)
    assert shop.told("3", current="same").sentence == "no record keeps a profile with v2"


def test_without_a_kept_profile_the_line_says_what_to_type(shop: Shop) -> None:
    found = shop.told("2", current="same")
    assert (found.verdict, found.sentence) == (Verdict.UNKNOWN, "no record keeps a profile with v1")
    assert found.hint.startswith("name the reference: --reference-data PATH")
    shop.by_hand("champion", None)
    assert "nothing stands there yet" in shop.told("2", current="same").sentence


def tampered(shop: Shop, content: bytes | None) -> None:
    """Somebody changes the file, or takes it away."""
    record = shop.journal.records[0]
    keeps = {} if content is None else {FILE: content}
    findings = tuple(replace(one, keeps=keeps if one.keeps else {}) for one in record.evidence["findings"])
    shop.journal.records[0] = replace(record, evidence={**record.evidence, "findings": findings})


@pytest.mark.parametrize(("content", "said"), [(None, "is gone"), (b"other", "was changed")])
def test_a_profile_that_was_changed_is_not_used_and_the_audit_names_it(
    shop: Shop, content: bytes | None, said: str
) -> None:
    shop.told("2", Mode.PROMOTE, reference="then")
    assert shop.call(Mode.VERIFY_AUDIT).code == 0
    tampered(shop, content)
    found = shop.told("3", current="same")
    assert (found.verdict, said in found.sentence) == (Verdict.UNKNOWN, True)
    audit = shop.call(Mode.VERIFY_AUDIT)
    assert (audit.code, f"{FILE}, which is kept beside it, {said}" in audit.summary) == (2, True)


def test_without_named_inputs_nothing_is_kept_and_that_is_said(tmp_path: Path) -> None:
    shop = Shop(tmp_path, inputs="")
    assert "no profile is kept with v2: its signature names no columns" in shop.told("2", reference="then").sentence
    both = shop.told("2", reference="then", current="same")
    assert both.sentence.startswith("none of 3 columns drifted")
    assert both.sentence.endswith("its signature names no columns")


MOVED = Distance("age", "ks", 0.31, 0.1, p=0.0001, p_all=0.0004, chance=0.04, drifted=True)
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
    furthest = replace(MOVED, statistic="psi", p_all=0.025, is_least=True)
    usual = Distance("city", "cramer_w", 0.12, 0.1, p=0.4, p_all=1.0)
    found = data_drift.finding(Drift((MOVED, furthest, usual, STILL)), CALM, {})
    assert found.table
    assert found.table.rows == [
        ("age", "ks", "0.310", "0.100", "0.040", "0.0004", "drifted"),
        ("age", "psi", "0.310", "0.100", "0.040", "<= 0.025", "drifted"),
        ("city", "cramer_w", "0.120", "0.100", "more", "1", "by chance"),
    ]
    assert found.hint.startswith("the bound and p are those of all 4 distances")


def test_more_missing_values_and_new_ones_are_said_beside() -> None:
    changed = (Change("age", (0.05, 0.12), beyond=False), Change("city", (0, 0), beyond=False, new_levels=("Rome",)))
    said = data_drift.finding(Drift((SAME,)), changed, {}).sentence
    assert said == "none of 1 columns drifted; age is missing in 12.0% (was 5.0%); city has new values (Rome)"
