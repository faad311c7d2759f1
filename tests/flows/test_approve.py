"""Approvals in the stories of a registry in memory: who may say what, what it opens, and what it survives."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from model_promotion.access.memory import MemoryAccess
from model_promotion.core.approval import Stamp
from model_promotion.core.better import Goal
from model_promotion.core.entities import Identity, Run
from model_promotion.core.errors import BadCall, Conflict, Denied
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from model_promotion.core.gates import GatePolicy
from model_promotion.core.outcome import Outcome
from model_promotion.core.policy import Policy
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from tests.worlds import (
    MODEL,
    PERSON,
    Effect,
    Killed,
    Scene,
    a_scene,
    killed_after,
    killed_before,
    lost_reply,
    refused,
    version,
)

TAG = "approval_business"
SSH = GatePolicy(identity="ssh", allowed_signers="keys")


def login(name: str, *, proven: bool = True) -> MemoryAccess:
    return MemoryAccess(Identity(name, vouched_by="a login" if proven else "nobody", proven=proven))


def a_gated_scene(gate: GatePolicy | None = None, **gates: GatePolicy) -> Scene:
    """v1 is champion, eve trained v2, and a gate called business is shut."""
    scene = a_scene(policy=Policy(gates={"business": gate or GatePolicy(), **gates}, digest="p" * 64))
    scene.registry.run_of = {number: Run(tags={"mlflow.user": "eve"}) for number in ("1", "2", "3")}
    return scene


def say(scene: Scene, who: str = PERSON, mode: Mode = Mode.APPROVE, **options: Any) -> Outcome:
    """Somebody who is logged in says it about v2; afterwards bob, who promotes, is logged in again."""
    scene.access = login(who)
    named = {"candidate": ByNumber("2"), "candidate_named": True, "gate": "business"}
    try:
        return scene.call(mode, **{**named, **options})
    finally:
        scene.access = login("bob@example.com")


def gates(outcome: Outcome) -> str:
    (finding,) = (finding for finding in outcome.findings if finding.check == "gates")
    return finding.table.rows[0][1] if finding.table else finding.sentence


def test_a_missing_approval_refuses_and_names_the_command_that_gives_it() -> None:
    scene = a_gated_scene()
    outcome = scene.promote("2")
    assert (outcome.code, scene.writer.sent) == (ExitCode.REFUSED, [])
    assert outcome.decision
    assert outcome.decision.refused == ("gates",)
    assert outcome.hints[0] == (
        f"business, for its approver: promote_model.py {MODEL} --version 2 --approve business --approver NAME "
        "--reason TEXT"
    )


def test_an_approval_opens_the_gate_and_the_record_has_who_and_why_and_the_tag_nobody() -> None:
    scene = a_gated_scene()
    outcome = say(scene, reason="numbers are good")
    assert (outcome.code, outcome.warnings) == (ExitCode.DONE, ())
    assert PERSON in outcome.summary
    record = scene.journal.records[-1]
    assert (record.kind, record.by, record.evidence["approval"].approver) == ("approval", PERSON, PERSON)
    assert record.why.endswith("numbers are good")
    tag = scene.registry.version(MODEL, "2").tags[TAG]
    assert Stamp.parse(tag)
    assert PERSON not in tag
    done = scene.promote("2")
    assert (done.code, scene.aliases["champion"], scene.fits()) == (ExitCode.DONE, "2", True)
    assert gates(done) == "approved"


def test_a_rejection_refuses_until_somebody_approves() -> None:
    scene = a_gated_scene(GatePolicy(required=False))
    assert scene.promote("2", mode=Mode.CHECK).code is ExitCode.WARNED, "a gate that is not required is told"
    say(scene, mode=Mode.REJECT, reason="unfair")
    outcome = scene.promote("2")
    assert (outcome.code, gates(outcome)) == (ExitCode.REFUSED, "rejected")
    say(scene)
    assert scene.promote("2").code is ExitCode.DONE


def test_force_goes_past_a_gate_and_the_record_says_so() -> None:
    scene = a_gated_scene()
    assert scene.promote("2", force=True).code is ExitCode.WARNED
    assert scene.journal.records[-1].forced == ("gates",)


def test_nobody_approves_what_they_trained_or_promote() -> None:
    scene = a_gated_scene()
    with pytest.raises(Conflict, match=r"eve@example.com trained this version"):
        say(scene, "eve@example.com")
    assert scene.writer.sent == []
    assert say(scene, "eve@example.com", Mode.REJECT).code is ExitCode.DONE, "to reject takes two eyes only"
    say(scene, "bob@example.com")
    outcome = scene.promote("2")
    assert (outcome.code, gates(outcome)) == (ExitCode.REFUSED, "void")
    scene.policy = replace(scene.policy, gates={"business": GatePolicy(four_eyes=False)})
    assert scene.promote("2").code is ExitCode.DONE, "unless the policy says so"


def test_who_trained_it_being_unknown_is_a_warning() -> None:
    scene = a_gated_scene()
    scene.registry.run_of.clear()
    say(scene)
    assert scene.promote("2").code is ExitCode.WARNED


def change_source(scene: Scene) -> None:
    scene.registry.known[MODEL, "2"] = replace(scene.registry.known[MODEL, "2"], source="elsewhere")


def change_mlmodel(scene: Scene) -> None:
    scene.registry.metadata_of["2"] = {**scene.registry.metadata_of["2"], "model_uuid": "another"}


def change_policy(scene: Scene) -> None:
    scene.policy = replace(scene.policy, digest="q" * 64)


def let_it_expire(scene: Scene) -> None:
    scene.clock.sleep(31 * 86400)


def edit_the_tag(scene: Scene) -> None:
    scene.tag_by_hand(TAG, "Approved", "2")


def lose_the_record(scene: Scene) -> None:
    scene.journal.records.clear()


def swap_the_record(scene: Scene) -> None:
    record = scene.journal.records[-1]
    (finding,) = record.evidence["findings"]
    edited = {name: content.replace(b"2", b"3") for name, content in finding.keeps.items()}
    evidence = {**record.evidence, "findings": (replace(finding, keeps=edited),)}
    scene.journal.records[-1] = replace(record, evidence=evidence)


@pytest.mark.parametrize(
    "change",
    [change_source, change_mlmodel, change_policy, let_it_expire, edit_the_tag, lose_the_record, swap_the_record],
)
def test_whatever_it_was_bound_to_is_changed_then_it_opens_nothing(change: Any) -> None:
    scene = a_gated_scene()
    say(scene)
    change(scene)
    outcome = scene.promote("2")
    assert outcome.code is ExitCode.REFUSED
    assert gates(outcome) in ("void", "expired")
    assert scene.aliases["champion"] == "1"


def test_an_approval_is_not_replayed_on_another_version_alias_gate_or_model() -> None:
    scene = a_gated_scene(security=GatePolicy(to=("canary",)))
    say(scene)
    tag = scene.registry.version(MODEL, "2").tags[TAG]
    scene.tag_by_hand(TAG, tag, "3")
    assert gates(scene.promote("3")) == "void"
    assert gates(scene.promote("2", target_alias="shadow")) == "void"
    scene.tag_by_hand("approval_security", tag, "2")
    outcome = scene.promote("2", target_alias="canary")
    (finding,) = (finding for finding in outcome.findings if finding.check == "gates")
    assert finding.table
    assert [row[1] for row in finding.table.rows] == ["void", "void"]
    scene.registry.add(version("1", model="other", tags={TAG: tag}), metadata=scene.registry.metadata_of["2"])
    assert gates(scene.call(Mode.CHECK, model="other", candidate=ByNumber("1"), candidate_named=True)) == "void"


def test_a_gate_guards_what_is_moved_along_and_the_else_alias() -> None:
    scene = a_gated_scene(GatePolicy(to=("stage:Production",)))
    assert scene.promote("2", target_alias="shadow").code is ExitCode.DONE
    assert scene.promote("2", sync_stages=True).code is ExitCode.REFUSED
    better = {"if_better": (Goal("f1", 0.5),), "else_alias": "canary"}
    scene.policy = Policy(gates={"business": GatePolicy(to=("canary",))}, digest="p" * 64)
    outcome = scene.promote("2", **better)
    assert (outcome.code, gates(outcome), "canary" in scene.aliases) == (ExitCode.REFUSED, "missing", False)
    say(scene, target_alias="canary")
    assert (scene.promote("2", **better).code, scene.aliases["canary"]) == (ExitCode.DONE, "2")


def test_an_approver_that_a_promotion_names_is_in_its_record_and_opens_nothing() -> None:
    scene = a_gated_scene()
    assert scene.promote("2", approver="Jane Doe").code is ExitCode.REFUSED
    say(scene)
    assert scene.promote("2", approver="Jane Doe").code is ExitCode.DONE
    assert scene.journal.records[-1].evidence["approver"] == "Jane Doe"


def test_with_a_key_it_is_the_keys_owner_who_says_it_whoever_types() -> None:
    scene = a_gated_scene(SSH)
    outcome = say(scene, "bob@example.com", approver="ada", sign_with=Path("ada"))
    assert "ada (SSH signature)" in outcome.summary
    assert scene.promote("2").code is ExitCode.DONE


@pytest.mark.parametrize(
    ("gate", "options", "said"),
    [
        (SSH, {}, "asks for an SSH signature"),
        (SSH, {"approver": "ada", "sign_with": Path("bob")}, "the signature is not one of ada"),
        (GatePolicy(), {"approver": "ada", "sign_with": Path("ada")}, "names no allowed_signers"),
        (GatePolicy(), {"approver": "ada"}, f"you are logged in as {PERSON}"),
        (GatePolicy(approvers=("ada",)), {}, "is not among the approvers"),
    ],
)
def test_who_cannot_be_known_as_the_gate_asks_says_nothing(
    gate: GatePolicy, options: dict[str, Any], said: str
) -> None:
    scene = a_gated_scene(gate)
    with pytest.raises(Conflict, match=said) as refusal:
        say(scene, **options)
    assert refusal.value.hint
    assert (scene.writer.sent, scene.journal.records) == ([], [])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"gate": "busines"}, "the policy has no gate busines; it has business, check"),
        ({"gate": "check"}, "is the tag Approval_Check"),
        ({"target_alias": "shadow"}, "does not guard @shadow"),
    ],
)
def test_what_is_no_gate_here_is_a_wrong_call(options: dict[str, Any], said: str) -> None:
    scene = a_gated_scene(GatePolicy(to=("champion",)), check=GatePolicy(tag="Approval_Check"))
    with pytest.raises(BadCall, match=said) as wrong:
        say(scene, **options)
    assert wrong.value.hint


def test_without_a_login_a_name_is_recorded_as_unverified_and_a_gate_for_logins_does_not_take_it() -> None:
    scene = a_gated_scene()
    scene.access = login("ada", proven=False)
    named = {"candidate": ByNumber("2"), "candidate_named": True, "gate": "business"}
    outcome = scene.call(Mode.APPROVE, **named)
    assert (outcome.code, "nobody vouches for ada" in outcome.warnings[0]) == (ExitCode.WARNED, True)
    scene.access = login("bob", proven=False)
    assert scene.promote("2").code is ExitCode.DONE
    scene.policy = Policy(gates={"business": GatePolicy(identity="login")}, digest="p" * 64)

    with pytest.raises(Conflict, match="asks for a login at the registry"):
        scene.call(Mode.APPROVE, **{**named, "candidate": ByNumber("3")})


def test_the_tag_of_a_deployment_job_opens_its_gate() -> None:
    scene = a_gated_scene(GatePolicy(tag="Approval_Check"))
    outcome = scene.promote("2")
    assert "approve it in the deployment job" in outcome.hints[0]
    scene.tag_by_hand("Approval_Check", "Approved", "2")
    assert scene.promote("2").code is ExitCode.DONE


def test_approvals_that_cannot_be_read_open_nothing() -> None:
    scene = a_gated_scene()
    say(scene)
    scene.journal.broken = True
    outcome = scene.promote("2")
    (finding,) = (finding for finding in outcome.findings if finding.check == "gates")
    assert (outcome.code, finding.verdict) == (ExitCode.REFUSED, Verdict.FAILED)
    assert finding.sentence.startswith("approvals cannot be read, so none counts")


def test_an_approval_that_is_not_allowed_leaves_nothing() -> None:
    scene = a_gated_scene().fail(1, refused)
    with pytest.raises(Denied):
        say(scene)
    assert (scene.registry.version(MODEL, "2").tags, scene.journal.records) == ({}, [])


def test_a_lost_reply_is_settled_by_reading() -> None:
    scene = a_gated_scene().fail(2, lost_reply)
    assert say(scene).code is ExitCode.DONE
    assert scene.promote("2").code is ExitCode.DONE


def test_a_rollback_needs_no_approval() -> None:
    scene = a_gated_scene()
    say(scene)
    scene.promote("2")
    change_policy(scene)
    assert scene.rollback().code is ExitCode.DONE


def test_history_tells_approvals() -> None:
    scene = a_gated_scene()
    say(scene, reason="numbers are good")
    table = scene.call(Mode.HISTORY).table
    assert table
    assert table.rows[0][2:6] == ("approval", "v2", "", "")


# Written: the announcement, the tag, the head of the records, the end.
@pytest.mark.parametrize(("at", "effect"), product([1, 2, 3, 4], [killed_before, killed_after]))
@pytest.mark.parametrize("how", ["resume", "abandon"])
def test_a_killed_approval_stands_with_its_record_or_not_at_all(at: int, effect: Effect, how: str) -> None:
    scene = a_gated_scene().fail(at, effect)
    with pytest.raises(Killed):
        say(scene)
    begun, recorded = bool(scene.noted), len(scene.journal.records) == 1
    outcome = scene.heal().recover(how)
    assert outcome.code is (ExitCode.WARNED if begun and not recorded and how == "resume" else ExitCode.DONE)
    assert (scene.noted, scene.fits()) == ({}, True)
    assert (TAG in scene.registry.version(MODEL, "2").tags) is recorded
    assert scene.promote("2").code is (ExitCode.DONE if recorded else ExitCode.REFUSED)
