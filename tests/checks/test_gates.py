from dataclasses import replace

from model_promotion.checks import gates
from model_promotion.core.finding import Verdict
from model_promotion.core.gates import GatePolicy
from model_promotion.core.policy import Policy
from model_promotion.witness import Witness
from tests.worlds import MODEL, a_plan, a_scene, a_witness, version


def test_without_a_gate_before_the_place_there_is_no_question() -> None:
    assert gates.ask(a_witness(a_scene())) is None
    elsewhere = Policy(gates={"business": GatePolicy(to=("canary",))})
    assert gates.ask(a_witness(a_scene(policy=elsewhere))) is None


def test_each_gate_has_a_line_and_each_shut_one_a_command() -> None:
    policy = Policy(gates={"business": GatePolicy(), "check": GatePolicy(tag="Approval_Check")})
    scene = a_scene(version("1"), version("2", tags={"Approval_Check": "approved"}), policy=policy)
    finding = gates.ask(a_witness(scene))
    assert finding
    assert (finding.verdict, finding.sentence) == (Verdict.FAILED, "1 of 2 gates: business is missing")
    assert finding.table
    assert [row[:2] for row in finding.table.rows] == [("business", "missing"), ("check", "approved")]
    assert finding.hint == (
        f"business, for its approver: promote_model.py {MODEL} --version 2 --approve business "
        "--approver NAME --reason TEXT"
    )


def test_a_gate_that_is_not_required_is_told() -> None:
    finding = gates.ask(a_witness(a_scene(policy=Policy(gates={"business": GatePolicy(required=False)}))))
    assert finding
    assert (finding.verdict, finding.sentence) == (Verdict.WARNED, "business is missing, and not required")


def test_what_was_approved_over_there_is_not_approved_of_a_copy() -> None:
    scene = a_scene(policy=Policy(gates={"check": GatePolicy(tag="Approval_Check")}))
    there = replace(version("2", tags={"Approval_Check": "Approved"}), model="staging.ml.churn")
    witness = a_witness(scene)
    copied = Witness(replace(a_plan(scene), candidate=there), witness.request, scene.world)
    finding = gates.ask(copied)
    assert finding
    assert (finding.verdict, "a copy is approved once it is there" in finding.hint) == (Verdict.FAILED, True)
