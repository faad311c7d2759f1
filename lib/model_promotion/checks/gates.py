"""Have the people agreed whom the policy asks?"""

from dataclasses import replace
from functools import partial
from pathlib import Path

from model_promotion.core.approval import (
    SIGNATURE_FILE,
    TEXT_FILE,
    TRAINER_TAG,
    Approval,
    Bound,
    Stamp,
    source_digest,
    tag_of,
)
from model_promotion.core.errors import NotFound, PromotionError
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.gatekeeping import Asked, Given, Judged, State, judged
from model_promotion.core.gates import GatePolicy
from model_promotion.core.record import Line
from model_promotion.core.request import Request
from model_promotion.together import both
from model_promotion.witness import Witness, beside

TOPIC = "Gates"
WEIGHT = Weight.BLOCKS


def ask(witness: Witness) -> Finding | None:
    """Is every gate open that the policy puts before this place? What cannot be read opens none."""
    places = (witness.plan.target_alias, witness.plan.twin)
    gates = {name: gate for name, gate in witness.policy.gates.items() if gate.guards(places)}
    if not gates:
        return None
    try:
        found = [_judged(name, gate, witness) for name, gate in gates.items()]
    except PromotionError as error:
        return Finding(Verdict.FAILED, f"approvals cannot be read, so none counts: {error}", hint=error.hint)
    shut = [one for one in found if _refuses(one, gates[one.gate])]
    doubts = [one for one in found if one not in shut and (one.state is not State.APPROVED or one.doubt)]
    facts = {one.gate: {"state": one.state.value, "why": one.sentence} for one in found}
    table = Table(("gate", "state", "why"), [(one.gate, one.state.value, _told(one)) for one in found])
    if shut:
        said = "; ".join(f"{one.gate} is {one.state.value}" for one in shut)
        return Finding(Verdict.FAILED, f"{len(shut)} of {len(found)} gates: {said}", facts, table, _way(shut, witness))
    verdict = Verdict.WARNED if doubts else Verdict.PASSED
    said = "; ".join(one.doubt or f"{one.gate} is {one.state.value}, and not required" for one in doubts)
    return Finding(verdict, said or ", ".join(f"{one.gate} approved" for one in found), facts, table)


def _told(one: Judged) -> str:
    return "; ".join(filter(None, (one.sentence, one.doubt)))


def _refuses(one: Judged, gate: GatePolicy) -> bool:
    return one.state is State.REJECTED or (gate.required and one.state is not State.APPROVED)


def _judged(name: str, gate: GatePolicy, witness: Witness) -> Judged:
    given = _given(name, gate, witness)
    plan, read = witness.plan, given.text is not None
    bound = Bound(
        model=plan.seen.name,
        version=plan.candidate.number,
        source=_source(witness) if read else "",
        alias=plan.target_alias,
        policy=witness.policy.digest,
    )
    requester, trainer = (witness.access.me().name, _trainer(witness)) if read and gate.four_eyes else ("", "")
    return judged(name, gate, given, Asked(bound, witness.now(), requester, trainer))


def _source(witness: Witness) -> str:
    candidate = witness.plan.candidate

    def read() -> str:
        files, mlmodel = both(lambda: witness.registry.files(candidate), lambda: witness.metadata(candidate))
        return source_digest(candidate, files, mlmodel)

    return witness.once(("source digest", candidate.model, candidate.number), read)


def _trainer(witness: Witness) -> str:
    candidate = witness.plan.candidate
    try:
        run = witness.once(("run", candidate.model, candidate.number), lambda: witness.registry.run(candidate))
    except NotFound:
        return ""
    return run.tags.get(TRAINER_TAG, "")


def _given(name: str, gate: GatePolicy, witness: Witness) -> Given:
    """The tag and what lies beside its record; of a version that is yet to be copied nothing counts."""
    candidate = witness.plan.candidate
    tags = candidate.tags if candidate.model == witness.plan.seen.name else {}
    if gate.tag:
        return Given(tags.get(gate.tag))
    tag = tags.get(tag_of(name))
    stamp = Stamp.parse(tag)
    line = next((one for one in _lines(witness) if one.id == stamp.record), None) if stamp else None
    content = beside(line, TEXT_FILE, witness.journals) if line else None
    if line is None or content is None:
        return Given(tag)
    text = content.decode("utf-8", "replace")
    return Given(tag, text, _wrong_signature(text, gate, line, witness))


def _lines(witness: Witness) -> list[Line]:
    model = witness.plan.seen.name
    read = [partial(journal.lines, model) for journal in witness.journals]
    return witness.once(("lines", model, ""), lambda: [line for lines in read for line in lines()])


def _wrong_signature(text: str, gate: GatePolicy, line: Line, witness: Witness) -> str:
    try:
        approval = Approval.parse(text)
    except ValueError:
        return ""  # It is void for that.
    if approval.identity != "ssh":
        return ""
    signature = beside(line, SIGNATURE_FILE, witness.journals)
    if signature is None or not gate.allowed_signers:
        return "there is none beside its record" if gate.allowed_signers else "the policy names no allowed_signers"
    armoured, allowed = signature.decode("utf-8", "replace"), Path(gate.allowed_signers)
    return witness.signatures.wrong(text, armoured, approval.approver, allowed)


def _way(shut: list[Judged], witness: Witness) -> str:
    """The commands for whoever is to approve."""
    candidate, request = witness.plan.candidate, witness.request
    if candidate.model != witness.plan.seen.name:
        return "a copy is approved once it is there: the promotion makes it, and is refused"
    way = replace(request.toward(witness.plan.target_alias), copy_from="", sync_stages=False)
    return "; ".join(_command(one.gate, witness.policy.gates[one.gate], way, candidate.number) for one in shut)


def _command(name: str, gate: GatePolicy, way: Request, number: str) -> str:
    if gate.tag:
        return f"{name}: approve it in the deployment job, which sets the tag {gate.tag}"
    return f"{name}, for its approver: {way.command('--version', number, '--approve', name, *gate.words)}"
