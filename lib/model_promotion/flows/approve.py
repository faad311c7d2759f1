"""Approve, or reject: what somebody says about one version at one gate, bound to it, tagged and recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from model_promotion.core import say
from model_promotion.core.approval import SIGNATURE_FILE, TEXT_FILE, TRAINER_TAG, Approval, Bound, source_digest, tag_of
from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.errors import BadCall, Conflict, NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.gatekeeping import four_eyes
from model_promotion.core.gates import GatePolicy
from model_promotion.core.intent import Intent, under_way, way_out
from model_promotion.core.near import meant
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import digest
from model_promotion.core.request import Mode, Request
from model_promotion.flows.acting import carry_out
from model_promotion.flows.announcing import announced, next_number
from model_promotion.flows.recording import Deed, Written, write_down
from model_promotion.flows.resolve import find_model, find_number, find_version
from model_promotion.together import both
from model_promotion.world import World

Proof = Literal["login", "ssh", "unverified"]


@dataclass(frozen=True)
class Approver:
    """Who says it, what vouches for that, and the login under which it was typed."""

    name: str
    identity: Proof
    vouched_by: str
    typed_by: str


def run(request: Request, world: World) -> Outcome:
    """Say it for the version that is named.

    Raises:
        BadCall: when there is no such gate, or the key cannot sign.
        Conflict: when this approver may not say it, or something else is going on.
    """
    gate = _gate(request, world)
    seen = find_model(request, world.registry)
    if going_on := under_way(seen.tags):
        raise Conflict(going_on, hint=way_out(seen.tags, request.command))
    version = find_version(seen.name, find_number(request, seen, world.registry), world.registry)
    intent = replace(announced("approval", (), seen, world), holds=version.number)
    approval = _approval(request, gate, (intent, version), world)
    _may(approval, gate, version, world)
    kept = _kept(request, gate, approval, world)
    key = tag_of(request.gate)
    # As it is now: somebody may have been asked for a passphrase, and somebody else have approved meanwhile.
    world.renew()
    seen, until = world.registry.model(seen.name), round(world.clock.now() + world.lease_s, 3)
    held = f"{key} {approval.stamp.text}"
    intent = replace(intent, held=held, until=until, record=next_number(seen))
    written = _written(request, approval, (intent, seen, version, kept), world)
    return _outcome(request, approval, gate, written)


def _gate(request: Request, world: World) -> GatePolicy:
    """The gate of that name, if approvals are given here.

    Raises:
        BadCall: when it is none of the policy's, or a tag's.
    """
    gates = world.policy.gates
    gate = gates.get(request.gate)
    if gate is None:
        there = f"it has {', '.join(gates)}" if gates else "it has none: a gate is a table [gates.NAME]"
        like = meant(request.gate, [*gates]) or "another policy? --policy FILE"
        raise BadCall(f"the policy has no gate {request.gate}; {there}", hint=like)
    if gate.tag:
        said = f"the gate {request.gate} is the tag {gate.tag}, which a Databricks deployment job sets"
        raise BadCall(said, hint="approve it there")
    if not gate.guards((request.target_alias,)):
        raise BadCall(
            f"the gate {request.gate} does not guard {request.where}", hint=f"it guards {', '.join(gate.to)}: --to"
        )
    return gate


def _approval(request: Request, gate: GatePolicy, about: tuple[Intent, Version], world: World) -> Approval:
    intent, version = about
    files, mlmodel = both(lambda: world.registry.files(version), lambda: world.registry.metadata(version))
    approver = _approver(request, gate, version, world)
    return Approval(
        id=intent.work,
        gate=request.gate,
        verdict="approved" if request.mode is Mode.APPROVE else "rejected",
        bound=Bound(
            model=version.model,
            version=version.number,
            source=source_digest(version, files, mlmodel),
            alias=request.target_alias,
            policy=world.policy.digest,
        ),
        approver=approver.name,
        identity=approver.identity,
        vouched_by=approver.vouched_by,
        typed_by=approver.typed_by,
        reason=request.reason,
        at=intent.since,
        until=gate.until(intent.since),
    )


def _approver(request: Request, gate: GatePolicy, version: Version, world: World) -> Approver:
    """Who says it.

    Raises:
        Conflict: when they cannot be known as the gate asks.
    """
    me = world.access.me()
    typed = request.command("--version", version.number, f"--{request.mode.value}", request.gate, *gate.words)
    if request.sign_with:
        found = Approver(request.approver, "ssh", "SSH signature", me.name)
    elif me.proven:
        if request.approver and request.approver != me.name:
            raise Conflict(f"you are logged in as {me.name}, and approve as nobody else", hint=f"as yourself: {typed}")
        found = Approver(me.name, "login", me.vouched_by, me.name)
    else:
        found = Approver(request.approver or me.name, "unverified", "nobody", me.name)
    if gate.identity not in ("any", found.identity):
        proof = {"ssh": "an SSH signature", "login": "a login at the registry"}[gate.identity]
        raise Conflict(f"the gate {request.gate} asks for {proof}, and {found.name} has none here", hint=typed)
    if gate.approvers and found.name not in gate.approvers:
        raise Conflict(f"{found.name} is not among the approvers of {request.gate}", hint="ask one of them")
    return found


def _may(approval: Approval, gate: GatePolicy, version: Version, world: World) -> None:
    """Whoever trained a version may reject it.

    Raises:
        Conflict: when they approve it, and the gate takes four eyes.
    """
    if approval.verdict == "rejected" or not gate.four_eyes:
        return
    if wrong := four_eyes(gate, approval, requester="", trainer=_trainer(version, world)):
        raise Conflict(wrong, hint="somebody else is to approve it")


def _trainer(version: Version, world: World) -> str:
    """The user of the run behind it; empty when nobody knows."""
    try:
        return world.registry.run(version).tags.get(TRAINER_TAG, "")
    except NotFound:
        return ""


def _kept(request: Request, gate: GatePolicy, approval: Approval, world: World) -> Mapping[str, bytes]:
    """What lies beside the record: the text that was approved, and its signature, which holds.

    Raises:
        Conflict: when the policy does not accept it.
    """
    kept = {TEXT_FILE: approval.text.encode()}
    if request.sign_with is None:
        return kept
    if not gate.allowed_signers:
        raise Conflict(
            f"the gate {request.gate} names no allowed_signers, so nobody could verify a signature",
            hint="leave --sign-with out, or name that file in the policy",
        )
    signature = world.signatures.sign(approval.text, request.sign_with)
    allowed = Path(gate.allowed_signers)
    if wrong := world.signatures.wrong(approval.text, signature, approval.approver, allowed):
        raise Conflict(
            f"the signature is not one of {approval.approver} by {allowed}: {wrong}",
            hint="the key must be in that file, on a line that begins with the approver's name",
        )
    return {**kept, SIGNATURE_FILE: signature.encode()}


def _written(
    request: Request,
    approval: Approval,
    what: tuple[Intent, RegisteredModel, Version, Mapping[str, bytes]],
    world: World,
) -> Written:
    """The tag, and the record that it names.

    Raises:
        PromotionError: when the tag could not be written; then nothing stands.
    """
    intent, seen, version, kept = what
    acted = carry_out(intent, intent.steps(seen.name, version.tags.get(tag_of(approval.gate))), world, seen)
    if failure := acted.failure:
        again = request.again("--version", version.number)
        raise type(failure)(
            f"not {approval.verdict}: {failure}; {acted.stands}", hint=failure.hint or f"try again: {again}"
        )
    said = f"{approval.gate} {approval.verdict} for {request.where} by {approval.who}"
    verdict = Verdict.PASSED if approval.verdict == "approved" else Verdict.FAILED
    finding = Finding(verdict, said, check="gates", topic="Gates", keeps=kept)
    evidence = {
        "approval": approval,
        "findings": (finding,),
        "kept": {name: digest(content) for name, content in kept.items()},
        "steps": acted.entries,
        "policy": world.policy.digest,
    }
    why = f"{said}: {approval.reason}" if approval.reason else said
    deed = Deed(intent.work, "approval", "", version.number, version.number, why, evidence=evidence)
    return write_down(deed, acted.hands)


def _outcome(request: Request, approval: Approval, gate: GatePolicy, written: Written) -> Outcome:
    number = approval.bound.version
    unverified = (
        (f"nobody vouches for {approval.approver}: it is recorded as unverified",)
        if approval.identity == "unverified"
        else ()
    )
    ends = f"until {say.when(approval.until)}, or until the version or the policy file is changed"
    held = f", {ends}" if approval.verdict == "approved" else ""
    warnings = (*written.warnings, *unverified)
    back = request.command("--version", number, "--reject", request.gate, *gate.words)
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=f"{request.gate}: v{number} of {approval.bound.model} {approval.verdict} for {request.where} "
        f"by {approval.who}{held}",
        model=approval.bound.model,
        was=number,
        to=number,
        record=written.place,
        warnings=warnings,
        hints=(f"look at the gates: {request.command('--check', '--version', number)}",),
        undo=back if approval.verdict == "approved" else "",
        facts={"approval": approval},
    )
