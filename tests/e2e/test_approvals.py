"""Approvals with real keys at a real registry: the whole way, as two people type it."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.approvals.test_ssh import SSH_KEYGEN, a_key, allow
from tests.e2e.conftest import Place
from tests.e2e.program import Result, call
from tests.e2e.registry import BETTER, MODEL, copied

with_keys = pytest.mark.skipif(not SSH_KEYGEN, reason="there is no ssh-keygen here")
ADA = "ada@example.com"
POLICY = '[gates.business]\nidentity = "ssh"\nallowed_signers = "allowed_signers"\n'
V2 = ("--version", str(BETTER))
TAG = "approval_business"


def with_a_gate(desk: Path) -> Path:
    """The desk with a gate in its policy, Ada's key among the allowed ones, and Bob's key."""
    (desk / "promotion.toml").write_text(POLICY)
    a_key(desk, "ada")
    a_key(desk, "bob")
    allow(desk, f"{ADA} ada")
    return desk


@pytest.fixture
def gated(desk: Path) -> Path:
    return with_a_gate(desk)


@pytest.fixture(scope="module")
def signed_once(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = with_a_gate(copied(template, tmp_path_factory.mktemp("signed") / "cwd"))
    assert approve(desk).code == 0
    return shutil.copytree(desk, desk.parent / "pristine").parent / "cwd"


@pytest.fixture
def signed(signed_once: Path) -> Iterator[Path]:
    """A desk at which Ada has signed; it stays in its place, where its records are found, and is mended afterwards."""
    yield signed_once
    shutil.copytree(signed_once.parent / "pristine", signed_once, dirs_exist_ok=True)


def approve(desk: Path, *more: str, key: str = "ada", gate: str = "business") -> Result:
    signed = ("--approve", gate, "--approver", ADA, "--sign-with", key, "--reason", "the numbers are good")
    return call(desk, MODEL, *V2, *signed, *more)


def promote(desk: Path, *more: str) -> Result:
    return call(desk, MODEL, *V2, "--json", *more)


def state(result: Result) -> str:
    (finding,) = (finding for finding in result.json["findings"] if finding["check"] == "gates")
    return ": ".join(finding["table"]["rows"][0][1:])


def sql(desk: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(desk / "mlflow.db") as db:
        assert db.execute(statement, values).rowcount


@with_keys
def test_the_story_of_two_people_and_a_key(gated: Path) -> None:
    shut = promote(gated)
    assert (shut.code, shut.json["decision"]["refused"]) == (2, ["gates"])
    (typed,) = (hint for hint in shut.json["hints"] if "--approve" in hint)
    assert f"{MODEL} --version 2 --approve business --approver NAME --sign-with KEYFILE --reason TEXT" in typed
    said = approve(gated)
    assert (said.code, f"approved for @champion by {ADA} (SSH signature)" in said.out) == (0, True), said.all
    looked = call(gated, MODEL, *V2, "--check")
    assert "business  approved  by ada@example.com (SSH signature) until" in looked.out
    done = promote(gated)
    assert done.code == 1, "no run of these has a user"
    assert "who trained v2 is not known" in done.out
    rows = call(gated, MODEL, "--history", "--json").json["table"]["rows"]
    assert [row[2] for row in rows] == ["approval", "promote"]
    assert call(gated, MODEL, "--verify-audit").code == 0
    (signature,) = gated.glob("promotion-records/**/approval.sig")
    assert "BEGIN SSH SIGNATURE" in signature.read_text()


@with_keys
def test_the_key_of_somebody_else_approves_nothing(gated: Path) -> None:
    assert approve(gated, key="bob").code == 2
    assert promote(gated).code == 2


@with_keys
def test_whoever_trained_it_does_not_approve_it(gated: Path) -> None:
    run = "(select run_id from model_versions where version = 2)"
    sql(gated, f"insert into tags (run_uuid, key, value) values ({run}, 'mlflow.user', 'ada')")  # noqa: S608 - ours
    refused = approve(gated)
    assert (refused.code, "trained this version" in refused.all) == (2, True)


def move_the_source(desk: Path) -> None:
    sql(desk, "update model_versions set source = replace(source, 'models/2', 'models/1') where version = 2")


def change_the_policy(desk: Path) -> None:
    (desk / "promotion.toml").write_text(POLICY + "valid_days = 90\n")


def take_the_key_away(desk: Path) -> None:
    allow(desk, f"{ADA} bob")


def edit_the_tag(desk: Path) -> None:
    sql(desk, "update model_version_tags set value = 'Approved' where key = ?", TAG)


def edit_the_record(desk: Path) -> None:
    (text,) = desk.glob("promotion-records/**/approval.json")
    text.write_text(text.read_text().replace("are good", "are bad"))


def edit_both(desk: Path) -> None:
    """Tag and record fit each other; the signature does not fit them any more."""
    from model_promotion.core.approval import Approval

    (text,) = desk.glob("promotion-records/**/approval.json")
    text.write_text(text.read_text().replace("are good", "are bad"))
    sql(desk, "update model_version_tags set value = ? where key = ?", Approval.parse(text.read_text()).stamp.text, TAG)


def lose_the_record(desk: Path) -> None:
    (text,) = desk.glob("promotion-records/**/approval.json")
    text.unlink()


CHANGES = {
    move_the_source: "void: the version's source",
    change_the_policy: "void: the policy file was changed",
    take_the_key_away: f"void: the signature of {ADA} does not hold",
    edit_the_tag: "void: the tag approval_business holds something this program did not write",
    edit_the_record: "void: its tag and its record do not fit",
    edit_both: f"void: the signature of {ADA} does not hold",
    lose_the_record: "is not in the journal",
}


@with_keys
@pytest.mark.parametrize(("change", "said"), CHANGES.items(), ids=[change.__name__ for change in CHANGES])
def test_a_signed_approval_is_void_when_anything_is_changed(
    signed: Path, change: Callable[[Path], None], said: str
) -> None:
    change(signed)
    refused = promote(signed, "--check")
    assert (refused.code, said in state(refused)) == (2, True), state(refused)


@with_keys
def test_a_signed_approval_is_not_replayed_elsewhere(signed: Path) -> None:
    copied = "insert into model_version_tags (name, version, key, value) select name, 1, key, value from "
    sql(signed, f"{copied} model_version_tags where version = 2 and key = ?", TAG)
    other = call(signed, MODEL, "--version", "1", "--to", "shadow", "--json")
    assert (other.code, "it was given for v2; it was given for @champion" in state(other)) == (2, True)
    moved = promote(signed, "--to", "shadow")
    assert (moved.code, state(moved)) == (2, "void: it was given for @champion")


@with_keys
def test_the_signed_text_says_all_of_it_and_no_tag_names_anybody(signed: Path) -> None:
    (text,) = signed.glob("promotion-records/**/approval.json")
    body = json.loads(text.read_text())
    told = {name: body[name] for name in ("model", "version", "alias", "gate", "verdict", "approver", "reason")}
    assert told == {
        "model": MODEL,
        "version": str(BETTER),
        "alias": "champion",
        "gate": "business",
        "verdict": "approved",
        "approver": ADA,
        "reason": "the numbers are good",
    }
    with sqlite3.connect(signed / "mlflow.db") as db:
        tags = [*db.execute("select * from model_version_tags"), *db.execute("select * from registered_model_tags")]
    assert tags
    assert not [tag for tag in map(str, tags) if ADA in tag or "numbers" in tag]


def test_on_databricks_the_login_says_who_it_is_and_the_tag_of_a_deployment_job_counts(place: Place) -> None:
    gates = '[gates.business]\nidentity = "login"\n[gates.deployment]\ntag = "Approval_Check"\n'
    (place.cwd / "promotion.toml").write_text(gates)
    place.workspace.add_token("ada's", ADA)
    place.workspace.grant(place.model, ADA, "EXECUTE", "APPLY_TAG")
    approving = (*V2, "--approve", "business", "--reason", "fair")
    own = place.ask(*approving)
    assert own.code == 0, own.all
    place.workspace.registry.version(place.model, BETTER).tags["Approval_Check"] = "Approved"
    mine = place.ask("--check")
    assert (mine.code, "asks for this promotion" in state(mine)) == (2, True)
    promoter, place.token = place.token, "ada's"
    assert place.ask(*approving, "--approver", "bob@example.com").code == 2
    theirs = place.ask(*approving)
    assert (theirs.code, f"by {ADA} (Databricks login)" in theirs.json["summary"]) == (0, True), theirs.all
    place.token = promoter
    done = place.ask()
    assert (done.code, place.champion) == (1, BETTER), "no run of these has a user"
    written = [str(write.body) for write in place.workspace.writes("registry")]
    assert not [body for body in written if ADA in body or "fair" in body]
