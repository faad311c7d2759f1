"""Whether an approval opens its gate: the whole judgement, without anything being read."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from model_promotion.core.approval import Approval, Bound, Stamp, tag_of
from model_promotion.core.gates import GatePolicy
from model_promotion.core.say import when

DATABRICKS_WORD = "approved"


class State(StrEnum):
    """How a gate stands; only APPROVED lets anything through."""

    APPROVED = "approved"
    MISSING = "missing"
    REJECTED = "rejected"
    VOID = "void"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Given:
    """What there is of an approval: the version's tag, the text beside its record, what is wrong with its signature.

    None is what is not there; `wrong_signature` is empty where it holds, or none is claimed.
    """

    tag: str | None = None
    text: str | None = None
    wrong_signature: str = ""


@dataclass(frozen=True)
class Asked:
    """What an approval is held against: the version and its way, the time, who promotes, and who trained it.

    An empty trainer is one that nobody knows.
    """

    bound: Bound
    at: float
    requester: str
    trainer: str = ""


@dataclass(frozen=True)
class Judged:
    """A gate's state, and why, in a sentence; `doubt` is what could not be known of one that is approved."""

    gate: str
    state: State
    sentence: str
    doubt: str = ""


def judged(name: str, gate: GatePolicy, given: Given, asked: Asked) -> Judged:
    """Whether the gate is open, by all that is known."""
    if gate.tag:
        return _by_tag(name, gate, given)
    if given.tag is None:
        return Judged(name, State.MISSING, f"nobody has approved v{asked.bound.version} yet")
    found = _found(name, given)
    if isinstance(found, str):
        return Judged(name, State.VOID, found)
    return _held_against(name, gate, (found, given.wrong_signature), asked)


def _found(name: str, given: Given) -> Approval | str:
    """The approval that the tag means; or why it means none."""
    stamp = Stamp.parse(given.tag)
    if stamp is None:
        return f"the tag {tag_of(name)} holds something this program did not write"
    if given.text is None:
        return f"its record {stamp.record} is not in the journal"
    try:
        approval = Approval.parse(given.text)
    except ValueError:
        return "what its record keeps is no approval"
    return approval if approval.stamp == stamp else "its tag and its record do not fit: one of them was edited"


def _by_tag(name: str, gate: GatePolicy, given: Given) -> Judged:
    if given.tag is None:
        return Judged(name, State.MISSING, f"the version has no tag {gate.tag}")
    if given.tag.strip().lower() == DATABRICKS_WORD:
        return Judged(name, State.APPROVED, f"the tag {gate.tag} says so; a tag names nobody")
    return Judged(name, State.REJECTED, f"the tag {gate.tag} says {given.tag[:40]!r}, not Approved")


def _held_against(name: str, gate: GatePolicy, found: tuple[Approval, str], asked: Asked) -> Judged:
    approval, wrong_signature = found
    void = [f"it is about the gate {approval.gate}"] if approval.gate != name else []
    void += approval.bound.changes(asked.bound)
    void += _not_vouched_for(gate, approval, wrong_signature)
    if void:
        return Judged(name, State.VOID, "; ".join(void))
    because = f": {approval.reason}" if approval.reason else ""
    if approval.verdict == "rejected":
        return Judged(name, State.REJECTED, f"by {approval.who} at {when(approval.at)}{because}")
    until = min(approval.until, gate.until(approval.at))
    if asked.at >= until:
        return Judged(name, State.EXPIRED, f"it held until {when(until)}")
    if wrong := four_eyes(gate, approval, asked.requester, asked.trainer):
        return Judged(name, State.VOID, wrong)
    doubt = f"who trained v{asked.bound.version} is not known" if gate.four_eyes and not asked.trainer else ""
    return Judged(name, State.APPROVED, f"by {approval.who} until {when(until)}{because}", doubt)


def _not_vouched_for(gate: GatePolicy, approval: Approval, wrong_signature: str) -> Iterator[str]:
    if gate.identity not in ("any", approval.identity):
        yield f"the gate asks for identity {gate.identity}, and {approval.approver} has {approval.identity}"
    if wrong_signature:
        yield f"the signature of {approval.approver} does not hold: {wrong_signature}"
    if gate.approvers and approval.approver not in gate.approvers:
        yield f"{approval.approver} is not among its approvers"


def four_eyes(gate: GatePolicy, approval: Approval, requester: str, trainer: str) -> str:
    """Why this is nobody else's approval; empty where it is, or the gate does not ask for that.

    An unverified name could be anybody's, so there it also counts who typed it.
    """
    if not gate.four_eyes:
        return ""
    people = {approval.approver: approval.approver}
    if approval.identity == "unverified":
        people = {approval.typed_by: f"{approval.typed_by}, who typed it,", **people}
    for who, told in people.items():
        if same_person(who, requester):
            return f"{told} asks for this promotion, and the gate takes four eyes"
        if same_person(who, trainer):
            return f"{told} trained this version, and the gate takes four eyes"
    return ""


def same_person(one: str, other: str) -> bool:
    """Whether two names may mean the same person: a login name has no domain, an address has one."""
    names = [name.strip().casefold() for name in (one, other)]
    if not all(names):
        return False
    locals_ = [name.partition("@")[0] for name in names]
    return names[0] == names[1] or (locals_[0] == locals_[1] and not all("@" in name for name in names))
