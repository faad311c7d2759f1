"""The whole judgement of an approval, as a table: what changed, what is said then."""

import json
from dataclasses import replace
from typing import Any

import pytest

from model_promotion.core.approval import Approval, Bound, Stamp, source_digest
from model_promotion.core.entities import ArtifactFile, Version
from model_promotion.core.gatekeeping import Asked, Given, Judged, State, four_eyes, judged, same_person
from model_promotion.core.gates import DAY_S, GatePolicy

NOON = 1_700_000_000.0
BOUND = Bound(model="churn", version="2", source="a" * 64, alias="champion", policy="b" * 64)
APPROVAL = Approval(
    id="0123456789ab",
    gate="business",
    verdict="approved",
    bound=BOUND,
    approver="ada@example.com",
    identity="ssh",
    vouched_by="SSH signature",
    typed_by="ada",
    reason="the numbers are good",
    at=NOON,
    until=NOON + 30 * DAY_S,
)
ASKED = Asked(BOUND, NOON + DAY_S, requester="bob@example.com", trainer="eve")
GATE = GatePolicy(identity="ssh", allowed_signers="keys")


def given(approval: Approval = APPROVAL, **changes: Any) -> Given:
    """An approval as its tag and its record have it."""
    return replace(Given(approval.stamp.text, approval.text), **changes)


def judge(approval: Approval = APPROVAL, gate: GatePolicy = GATE, asked: Asked = ASKED, **changes: Any) -> Judged:
    return judged("business", gate, given(approval, **changes), asked)


def now(**changes: Any) -> Asked:
    return replace(ASKED, bound=replace(BOUND, **changes))


def test_an_approval_that_is_as_it_was_given_opens_its_gate() -> None:
    found = judge()
    assert (found.state, found.doubt) == (State.APPROVED, "")
    assert found.sentence == ("by ada@example.com (SSH signature) until 2023-12-14 22:13:20Z: the numbers are good")


UNVERIFIED = replace(APPROVAL, identity="unverified", vouched_by="nobody")
# what is the case -> the approval, what is asked now, and the sentence
VOID: dict[str, tuple[dict[str, Any], str]] = {
    "another model": ({"asked": now(model="fraud")}, "it was given for the model churn"),
    "another version": ({"asked": now(version="3")}, "it was given for v2"),
    "another alias": ({"asked": now(alias="staging")}, "it was given for @champion"),
    "a stage": ({"asked": now(alias="stage:Production")}, "it was given for @champion"),
    "another source": ({"asked": now(source="c" * 64)}, "the version's source, run, files or MLmodel are not those"),
    "another policy": ({"asked": now(policy="c" * 64)}, "the policy file was changed since"),
    "another gate": ({"approval": replace(APPROVAL, gate="security")}, "it is about the gate security"),
    "a wrong signature": (
        {"wrong_signature": "it is bob's"},
        "signature of ada@example.com does not hold: it is bob's",
    ),
    "nobody vouches": ({"approval": UNVERIFIED}, "asks for identity ssh, and ada@example.com has unverified"),
    "a login is no key": (
        {"approval": replace(APPROVAL, identity="login")},
        "asks for identity ssh, and ada@example.com has login",
    ),
    "no approver": ({"gate": replace(GATE, approvers=("eve",))}, "ada@example.com is not among its approvers"),
    "a tag that was edited": ({"tag": "Approved"}, "the tag approval_business holds something"),
    "an empty tag": ({"tag": ""}, "the tag approval_business holds something"),
    "a tag without a record": ({"text": None}, "its record 0123456789ab is not in the journal"),
    "a record that was edited": ({"text": APPROVAL.text.replace("good", "bad")}, "its tag and its record do not fit"),
    "a record that is none": ({"text": "{}"}, "what its record keeps is no approval"),
    "a rejection turned round in the tag": (
        {"approval": replace(APPROVAL, verdict="rejected"), "tag": APPROVAL.stamp.text},
        "its tag and its record do not fit",
    ),
    "a verdict turned round in the tag": (
        {"tag": APPROVAL.stamp.text.replace("approved", "rejected")},
        "its tag and its record do not fit",
    ),
    "a tag of another record": (
        {"tag": replace(APPROVAL.stamp, record="f" * 12).text},
        "its tag and its record do not fit",
    ),
    "an approver who promotes": (
        {"asked": replace(ASKED, requester="Ada@Example.com")},
        "ada@example.com asks for this promotion",
    ),
    "an approver who promotes under a login": ({"asked": replace(ASKED, requester="ada")}, "asks for this promotion"),
    "an approver who trained it": ({"asked": replace(ASKED, trainer="ada")}, "ada@example.com trained this version"),
}


@pytest.mark.parametrize(("case", "said"), VOID.values(), ids=VOID.keys())
def test_an_approval_is_void_for_anything_else(case: dict[str, Any], said: str) -> None:
    found = judge(**case)
    assert found.state is State.VOID
    assert said in found.sentence


def test_all_that_changed_is_told_together() -> None:
    found = judge(asked=now(version="3", policy="c" * 64))
    assert found.sentence == "it was given for v2; the policy file was changed since"


def test_without_a_tag_nobody_has_approved() -> None:
    found = judged("business", GATE, Given(), ASKED)
    assert (found.state, found.sentence) == (State.MISSING, "nobody has approved v2 yet")


@pytest.mark.parametrize(("later_s", "state"), [(30 * DAY_S - 1, State.APPROVED), (30 * DAY_S, State.EXPIRED)])
def test_an_approval_ends(later_s: float, state: State) -> None:
    assert judge(asked=replace(ASKED, at=NOON + later_s)).state is state


def test_an_approval_that_gives_itself_more_time_than_the_policy_ends_with_the_policys() -> None:
    forever = replace(APPROVAL, until=NOON + 1000 * DAY_S)
    assert judge(forever, asked=replace(ASKED, at=NOON + 31 * DAY_S)).state is State.EXPIRED


def test_a_rejection_never_ends_but_is_void_like_any_other() -> None:
    no = replace(APPROVAL, verdict="rejected")
    found = judge(no, asked=replace(ASKED, at=NOON + 1000 * DAY_S, requester="ada@example.com"))
    assert found.state is State.REJECTED
    assert "the numbers are good" in found.sentence
    assert judge(no, asked=now(version="3")).state is State.VOID


def test_who_trained_it_being_unknown_is_told() -> None:
    found = judge(asked=replace(ASKED, trainer=""))
    assert (found.state, found.doubt) == (State.APPROVED, "who trained v2 is not known")
    assert judge(gate=replace(GATE, four_eyes=False), asked=replace(ASKED, trainer="")).doubt == ""


def test_of_an_unverified_name_it_also_counts_who_typed_it() -> None:
    any_ = GatePolicy()
    assert judge(UNVERIFIED, any_).state is State.APPROVED
    assert "(unverified)" in judge(UNVERIFIED, any_).sentence
    by_bob = replace(UNVERIFIED, typed_by="bob")
    assert judge(by_bob, any_).sentence == "bob, who typed it, asks for this promotion, and the gate takes four eyes"
    assert judge(by_bob, replace(any_, four_eyes=False)).state is State.APPROVED
    assert four_eyes(GATE, replace(APPROVAL, typed_by="bob"), "bob", "") == "", "the signature is ada's, whoever typed"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ada", "ada", True),
        ("ada", " ADA ", True),
        ("ada", "ada@example.com", True),
        ("ada@example.com", "ada@other.org", False),
        ("ada", "adam", False),
        ("", "", False),
        ("", "ada", False),
    ],
)
def test_two_names_may_mean_one_person(one: str, other: str, *, same: bool) -> None:
    assert same_person(one, other) is same is same_person(other, one)


@pytest.mark.parametrize(
    ("tag", "state"),
    [
        ("Approved", State.APPROVED),
        (" APPROVED ", State.APPROVED),
        (None, State.MISSING),
        ("Rejected", State.REJECTED),
        ("", State.REJECTED),
    ],
)
def test_the_tag_of_a_deployment_job_is_taken_at_its_word(tag: str | None, state: State) -> None:
    assert judged("check", GatePolicy(tag="Approval_Check"), Given(tag), ASKED).state is state


def test_an_approval_reads_as_it_was_written_and_names_nobody_in_its_tag() -> None:
    assert Approval.parse(APPROVAL.text) == APPROVAL
    assert Stamp.parse(APPROVAL.stamp.text) == APPROVAL.stamp
    assert "ada" not in APPROVAL.stamp.text
    assert len(APPROVAL.stamp.text) < 200


BODY = json.loads(APPROVAL.text)
STRANGE = {
    "nothing": "",
    "a list": "[]",
    "a field less": json.dumps({name: value for name, value in BODY.items() if name != "gate"}),
    "a field more": json.dumps({**BODY, "more": 1}, indent=2, sort_keys=True) + "\n",
    "another order": json.dumps(BODY),
    "a number for a name": json.dumps({**BODY, "approver": 1}, indent=2, sort_keys=True) + "\n",
    "a time that is none": json.dumps({**BODY, "until": "soon"}, indent=2, sort_keys=True) + "\n",
    "a time beyond all time": json.dumps({**BODY, "until": 1e300}, indent=2, sort_keys=True) + "\n",
    "no time": APPROVAL.text.replace(str(APPROVAL.until), "NaN"),
    "a name that draws": json.dumps({**BODY, "approver": "\x1b[2J"}, indent=2, sort_keys=True) + "\n",
}


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE.keys())
def test_what_this_program_did_not_write_is_no_approval(text: str) -> None:
    with pytest.raises(ValueError, match="no approval"):
        Approval.parse(text)


MADE = Version("churn", "2", source="s3://a", run_id="r", created_at=1.0)
FILES = [ArtifactFile("MLmodel", 10), ArtifactFile("model.pkl", None)]
MLMODEL = {"flavors": {"sklearn": {}}, "model_uuid": "u"}


def test_the_source_digest_is_the_same_in_any_order() -> None:
    tagged = replace(MADE, tags={"approval_business": "x"}, stage="Staging", number="3")
    assert source_digest(MADE, FILES, MLMODEL) == source_digest(tagged, FILES[::-1], dict(reversed(MLMODEL.items())))


@pytest.mark.parametrize(
    ("version", "files", "mlmodel"),
    [
        (replace(MADE, source="s3://b"), FILES, MLMODEL),
        (replace(MADE, run_id="q"), FILES, MLMODEL),
        (replace(MADE, model_id="m-1"), FILES, MLMODEL),
        (replace(MADE, created_at=2.0), FILES, MLMODEL),
        (MADE, FILES[:1], MLMODEL),
        (MADE, [replace(FILES[0], size=11), FILES[1]], MLMODEL),
        (MADE, FILES, {**MLMODEL, "model_uuid": "v"}),
    ],
)
def test_another_source_has_another_digest(
    version: Version, files: list[ArtifactFile], mlmodel: dict[str, Any]
) -> None:
    assert source_digest(version, files, mlmodel) != source_digest(MADE, FILES, MLMODEL)
