import threading
import time
from dataclasses import dataclass, field

import pytest

from model_promotion.core.errors import Denied
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.policy import CheckPolicy, Policy
from model_promotion.core.request import Mode, Request
from model_promotion.flows.asking import STOP_WITHIN_S, ask_all, demands
from model_promotion.scoring.memory import MemoryScorer
from model_promotion.witness import Witness
from tests.worlds import a_scene, a_witness, press_ctrl_c

MEETING_S = 5


@dataclass
class Chosen:
    """A check that answers what it was made with."""

    name: str
    answer: Finding | Exception | None
    topic: str = "Topic"
    weight: Weight = Weight.ADVISES
    meet: threading.Barrier | None = field(default=None)

    def ask(self, _: Witness) -> Finding | None:
        if self.meet:
            self.meet.wait(MEETING_S)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def asked(*checks: Chosen) -> tuple[Finding, ...]:
    scene = a_scene(checks=checks)
    return ask_all(a_witness(scene), scene.world)


def test_answers_come_in_the_order_of_the_checks_stamped_with_their_names() -> None:
    passed = Finding(Verdict.PASSED, "fine")
    findings = asked(Chosen("b", passed, weight=Weight.BARS), Chosen("a", passed))
    assert [(one.check, one.topic, one.weight) for one in findings] == [
        ("b", "Topic", Weight.BARS),
        ("a", "Topic", Weight.ADVISES),
    ]


def test_a_question_that_does_not_arise_has_no_finding() -> None:
    assert asked(Chosen("a", None)) == ()


def test_a_check_that_could_not_look_is_unknown_with_its_reason_and_hint() -> None:
    finding = asked(Chosen("grants", Denied("403 on grants", hint="log in")))[0]
    assert (finding.verdict, finding.sentence, finding.hint, finding.check) == (
        Verdict.UNKNOWN,
        "403 on grants",
        "log in",
        "grants",
    )


def test_a_defect_in_a_check_is_not_taken_for_an_answer() -> None:
    with pytest.raises(ZeroDivisionError):
        asked(Chosen("a", ZeroDivisionError()))


def test_checks_are_asked_at_the_same_time() -> None:
    meet = threading.Barrier(3)
    findings = asked(*(Chosen(name, Finding(Verdict.PASSED, "met"), meet=meet) for name in "abc"))
    assert [one.sentence for one in findings] == ["met"] * 3


def test_every_finding_is_told_as_a_line() -> None:
    scene = a_scene(checks=(Chosen("a", Finding(Verdict.WARNED, "careful")),))
    ask_all(a_witness(scene), scene.world)
    assert [(event.kind.value, event.sentence) for event in scene.voice.events] == [("warned", "careful")]


class Stoppable(MemoryScorer):
    """A scorer whose model runs until it is stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = threading.Event()

    def stop(self) -> None:
        self.stopped.set()


class Endless(Chosen):
    """A check that waits for a model to end."""

    def ask(self, witness: Witness) -> Finding | None:
        assert isinstance(witness.scorer, Stoppable)
        witness.scorer.stopped.wait(10 * STOP_WITHIN_S)
        return None


def test_ctrl_c_while_a_check_runs_ends_at_once_and_stops_the_model() -> None:
    scorer = Stoppable()
    scene = a_scene(checks=(Endless("a", None),), scorer=scorer)
    witness = a_witness(scene)
    threading.Timer(0.2, press_ctrl_c).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask_all(witness, scene.world)
    assert (scorer.stopped.is_set(), time.monotonic() - began < STOP_WITHIN_S) == (True, True)


def test_ctrl_c_does_not_wait_for_a_check_that_cannot_be_stopped() -> None:
    meet = threading.Barrier(2)
    scene = a_scene(checks=(Chosen("a", None, meet=meet),))
    witness = a_witness(scene)
    threading.Timer(0.2, press_ctrl_c).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask_all(witness, scene.world)
    assert time.monotonic() - began < MEETING_S - 1
    meet.abort()


@pytest.mark.parametrize(
    ("flags", "policy", "required"),
    [
        ({}, {}, set()),
        ({"compare_metrics": True}, {}, {"recorded_metrics", "thresholds"}),
        ({"run_tests": True}, {}, {"model_tests"}),
        ({}, {"permission": True, "hold": False}, {"permission"}),
        (
            {"run_tests": True, "compare_metrics": True},
            {"hold": True},
            {"hold", "model_tests", "recorded_metrics", "thresholds"},
        ),
    ],
)
def test_flags_and_policy_require_checks(flags: dict[str, bool], policy: dict[str, bool], required: set[str]) -> None:
    checks = {name: CheckPolicy(required=needed) for name, needed in policy.items()}
    found = demands(Request(Mode.PROMOTE, "m", **flags), a_scene(policy=Policy(checks=checks)).world)
    assert (found.required, found.force) == (required, False)
