"""Promotions that go well, are refused, or change nothing."""

import pytest

from model_promotion.core.entities import Rights
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG, INTENT_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.core.steps import SetAlias
from tests.worlds import MODEL, a_scene, version

FORBIDDEN = Rights(may_move_aliases=False, may_set_tags=True, because="ops owns it")


def names(outcome: Outcome) -> list[str]:
    return [entry.step.alias for entry in outcome.entries if isinstance(entry.step, SetAlias)]


def test_a_promotion_backs_up_moves_records_and_says_how_to_go_back() -> None:
    scene = a_scene()
    outcome = scene.promote(reason="better on recent data")
    assert (outcome.code, outcome.was, outcome.to) == (ExitCode.DONE, "1", "2")
    assert scene.aliases == {"champion": "2", "prev_champion": "1", "staging": "2"}
    assert outcome.summary == f"{MODEL}: @champion: v1 -> v2 (v1 kept as @prev_champion)"
    assert outcome.undo == f"promote_model.py {MODEL} --rollback"
    assert not scene.noted
    assert scene.fits()
    assert [(one.was, one.to, one.why) for one in scene.journal.records] == [("1", "2", "better on recent data")]


def test_the_backup_is_set_before_the_target_moves() -> None:
    assert names(a_scene().promote()) == ["prev_champion", "champion"]


def test_a_first_promotion_has_no_backup_says_so_and_ends_with_0() -> None:
    scene = a_scene(aliases={"staging": "1"})
    outcome = scene.promote()
    assert outcome.code is ExitCode.DONE
    assert "the first one, so there is no backup" in outcome.summary
    assert scene.aliases == {"champion": "1", "staging": "1"}
    assert "nothing to go back to" in outcome.undo


def test_the_same_promotion_again_changes_nothing_and_ends_with_0() -> None:
    scene = a_scene()
    scene.promote()
    before = scene.heal().state()
    outcome = scene.promote()
    assert (outcome.code, outcome.undo) == (ExitCode.DONE, "nothing was written, so there is nothing to go back to")
    assert (scene.writer.sent, scene.state(), len(scene.journal.records)) == ([], before, 1)


@pytest.mark.parametrize("mode", [Mode.CHECK, Mode.DRY_RUN])
@pytest.mark.parametrize("rights", [None, FORBIDDEN])
def test_looking_writes_nothing_and_ends_with_the_code_of_the_real_run(mode: Mode, rights: Rights | None) -> None:
    parts = {"rights": rights} if rights else {}
    scene, real = a_scene(**parts), a_scene(**parts).promote()
    before = scene.state()
    outcome = scene.promote(mode=mode)
    assert outcome.code == real.code
    assert (scene.writer.sent, scene.state(), scene.journal.records) == ([], before, [])


def test_a_dry_run_lists_each_write_before_and_after_and_a_check_lists_none() -> None:
    outcome = a_scene().promote(mode=Mode.DRY_RUN)
    moves = ("@prev_champion: nothing -> v1", "@champion: v1 -> v2")
    opening, *between, closing = outcome.planned
    note = f"tag {getattr(opening, 'key', '')} on {MODEL}"
    assert note.startswith("tag promotion_intent_")
    assert (opening.sentence, closing.sentence) == (f"{note}: set", f"{note}: removed")
    assert [step.sentence for step in between] == [*moves, f"tag promotion_head on {MODEL}: set"]
    assert outcome.reviewed is not None
    assert outcome.reviewed.writes == moves
    assert a_scene().promote(mode=Mode.CHECK).planned == ()


def test_the_command_after_a_dry_run_is_as_strict_as_the_dry_run_was() -> None:
    asked = {"compare_metrics": True, "force": True, "reason": "it's better", "mode": Mode.DRY_RUN}
    hint = a_scene().promote(**asked).hints[-1]
    assert hint.endswith("--version 2 --compare-metrics --force --reason 'it'\"'\"'s better'")


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.CHECK, Mode.DRY_RUN])
@pytest.mark.parametrize("force", [False, True])
def test_who_may_not_write_gets_4_even_with_force(mode: Mode, *, force: bool) -> None:
    scene = a_scene(rights=FORBIDDEN)
    outcome = scene.promote(mode=mode, force=force)
    assert (outcome.code, scene.writer.sent) == (ExitCode.DENIED, [])
    assert outcome.hints[0] == "ask its owner to promote it, or to give you ownership"


@pytest.mark.parametrize(
    ("number", "changes", "force", "code"),
    [
        ("2", {"status": "PENDING_REGISTRATION"}, False, ExitCode.REFUSED),
        ("2", {"status": "PENDING_REGISTRATION"}, True, ExitCode.REFUSED),
        ("2", {"tags": {HOLD_TAG: "rolled back"}}, False, ExitCode.REFUSED),
        ("2", {"tags": {HOLD_TAG: "rolled back"}}, True, ExitCode.WARNED),
        ("2", {"metrics": {"f1": 0.1}}, False, ExitCode.WARNED),
        ("2", {"metrics": {"f1": float("nan")}}, False, ExitCode.WARNED),
        ("2", {"metrics": {}}, False, ExitCode.WARNED),
    ],
)
def test_a_promotion_ends_as_the_contract_says(
    number: str, changes: dict[str, object], code: ExitCode, *, force: bool
) -> None:
    scene = a_scene(version("1"), version(number, **changes))
    outcome = scene.promote(force=force)
    assert outcome.code is code
    moved = code in (ExitCode.DONE, ExitCode.WARNED)
    assert scene.aliases["champion"] == (number if moved else "1")
    assert bool(outcome.undo) is moved
    assert bool(outcome.hints) is not moved
    assert scene.fits()


@pytest.mark.parametrize("metrics", [{"f1": 0.1}, {"f1": float("nan")}, {"f1": float("inf")}, {}, {"other": 1.0}])
def test_compare_metrics_refuses_whatever_is_not_shown_to_be_as_good(metrics: dict[str, float]) -> None:
    scene = a_scene(version("1"), version("2", metrics=metrics))
    outcome = scene.promote(compare_metrics=True)
    assert (outcome.code, scene.writer.sent) == (ExitCode.REFUSED, [])
    assert outcome.decision
    assert outcome.decision.refused == ("recorded_metrics",)


def test_force_is_written_down_with_what_it_skipped() -> None:
    scene = a_scene(version("1"), version("2", tags={HOLD_TAG: "rolled back"}))
    outcome = scene.promote(force=True)
    assert (outcome.code, scene.journal.records[0].forced) == (ExitCode.WARNED, ("hold",))
    assert "skipped by --force: hold" in outcome.summary


def test_the_record_holds_the_evidence_and_the_metrics() -> None:
    scene = a_scene()
    scene.promote()
    evidence = scene.journal.records[0].evidence
    assert {"findings", "decision", "steps", "policy", "metrics"} <= evidence.keys()
    assert evidence["metrics"] == {"f1": 0.82}


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.CHECK])
def test_while_another_promotion_runs_it_is_refused_with_the_way_out(mode: Mode) -> None:
    scene = a_scene()
    scene.tag_by_hand(INTENT_TAG, "whatever")
    outcome = scene.promote(mode=mode, force=True)
    assert (outcome.code, scene.writer.sent) == (ExitCode.REFUSED, [])
    assert "--recover" in outcome.hints[0]


def test_other_aliases_have_backups_of_their_own() -> None:
    scene = a_scene()
    outcome = scene.promote(target_alias="production")
    outcome = scene.promote("3", target_alias="production")
    assert scene.aliases == {"champion": "1", "staging": "2", "production": "3", "prev_production": "2"}
    assert outcome.undo == f"promote_model.py {MODEL} --rollback --to production"
