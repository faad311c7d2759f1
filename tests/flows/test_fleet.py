"""Many promotions in one call: each by itself, groups all or none, and one table at the end."""

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_promotion.core.better import Goal
from model_promotion.core.entities import Version
from model_promotion.core.errors import Conflict, Unavailable
from model_promotion.core.exam import Case, Exam
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.fleet import Fleet, Unit
from model_promotion.core.intent import HOLD_TAG, notes
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.core.request import Mode, Request
from model_promotion.core.reviewed import ReviewedFleet
from model_promotion.core.stages import Features
from model_promotion.core.steps import SetAlias, SetTag, Step
from model_promotion.core.trial import Trial, TrialResult
from model_promotion.flows import fleet
from model_promotion.registries.memory import MemoryWriter
from model_promotion.witness import Witness
from tests.worlds import METADATA, Killed, Scene, a_scene, press_ctrl_c

NAMES = ("a", "b", "c", "d")


def a_fleet(*names: str, first: tuple[str, ...] = ()) -> Scene:
    """Models with versions 1 and 2: 1 is champion (unless it is the `first` promotion), 2 is staging."""
    scene = a_scene()
    for name in names or NAMES:
        for number in ("1", "2"):
            one = Version(name, number, run_id="run", metrics={"f1": (80 + int(number)) / 100})
            scene.registry.add(one, metadata=METADATA)
        aliases = {"staging": "2"} if name in first else {"champion": "1", "staging": "2"}
        scene.registry.models[name] = replace(scene.registry.models[name], aliases=aliases)
    return scene


def units(*groups: str, mode: Mode = Mode.PROMOTE, **options: Any) -> tuple[Unit, ...]:
    """`ab` is a group of two, `c` stands by itself."""
    return tuple(
        Unit(tuple(Request(mode, name, **options) for name in group), group if len(group) > 1 else "")
        for group in groups
    )


def call(scene: Scene, *groups: str, mode: Mode = Mode.PROMOTE, workers: int = 8, **options: Any) -> Outcome:
    scene.clock.sleep(60)
    asked = Fleet(units(*groups, mode=mode, **options), workers, "fleet.toml")
    return fleet.run(Request(mode, fleet=asked), scene.world)


def champions(scene: Scene) -> dict[str, str | None]:
    return {name: model.aliases.get("champion") for name, model in scene.registry.models.items() if len(name) == 1}


def codes(outcome: Outcome) -> dict[str, int]:
    assert outcome.table is not None
    return {row[0]: int(row[3]) for row in outcome.table.rows}


def said(outcome: Outcome, name: str) -> str:
    assert outcome.table is not None
    return next(row[4] for row in outcome.table.rows if row[0] == name)


def hold(scene: Scene, name: str) -> None:
    MemoryWriter(scene.registry).write(SetTag(name, HOLD_TAG, None, "rolled back", "2"))


def records(scene: Scene, name: str) -> list[tuple[str, str | None, str | None]]:
    return [(one.kind, one.was, one.to) for one in scene.journal.records if one.model == name]


class At:
    """A writer that calls back at the first write that is `chosen`; what that raises is the write's error."""

    def __init__(self, scene: Scene, chosen: Any, what: Any) -> None:
        self.inner, self.chosen, self.what, self.met = scene.writer, chosen, what, 0
        scene.writer = self  # type: ignore[assignment]

    def write(self, step: Step) -> None:
        if self.chosen(step):
            self.met += 1
            if self.met == 1:
                self.what()
        self.inner.write(step)


def moves(name: str) -> Any:
    """The move of this model's champion."""
    return lambda step: isinstance(step, SetAlias) and (step.model, step.alias) == (name, "champion")


def broken() -> None:
    raise Unavailable("the connection broke")


def test_every_model_is_promoted_with_a_record_of_its_own_and_a_line_in_the_table() -> None:
    scene = a_fleet()
    outcome = call(scene, *NAMES)
    assert (outcome.code, outcome.summary) == (ExitCode.DONE, "4 done")
    assert champions(scene) == dict.fromkeys(NAMES, "2")
    assert all(records(scene, name) == [("promote", "1", "2")] for name in NAMES)
    assert outcome.table is not None
    assert outcome.table.rows[0] == ("a", "v1", "v2", "0", "@champion: v1 -> v2 (v1 kept as @prev_champion)")
    told = [event.topic for event in scene.voice.events]
    assert sorted(topic for topic in told if topic in NAMES) == list(NAMES)  # one line each, no more
    assert told[-1] == "Fleet"


def test_a_group_that_fails_takes_back_what_only_brought_a_stage_in_step() -> None:
    scene = a_fleet()
    for number, stage in (("1", "Production"), ("2", "Staging")):
        scene.registry.known["a", number] = replace(scene.registry.version("a", number), stage=stage)
    scene.registry.models["a"] = replace(scene.registry.models["a"], aliases={"champion": "2", "staging": "2"})
    At(scene, moves("b"), broken)
    outcome = call(scene, "ab", sync_stages=True)
    assert codes(outcome) == {"a": 2, "b": 4}
    assert [scene.registry.version("a", number).stage for number in "12"] == ["Production", "Staging"]
    assert champions(scene)["a"] == "2"


def test_one_that_is_refused_stops_no_other_and_the_worst_code_counts() -> None:
    scene = a_fleet()
    hold(scene, "b")
    del scene.registry.models["c"]
    outcome = call(scene, *NAMES)
    assert codes(outcome) == {"a": 0, "b": 2, "c": 3, "d": 0}
    assert (outcome.code, outcome.summary) == (ExitCode.NOT_FOUND, "2 done, 1 refused, 1 not found")
    assert champions(scene) == {"a": "2", "b": "1", "d": "2"}
    assert len(outcome.hints) == 2
    assert "b --version 2 --release" in outcome.hints[0]


def test_the_same_fleet_again_changes_nothing() -> None:
    scene = a_fleet()
    call(scene, "ab", "c", "d")
    before = len(scene.writer.sent)
    again = call(scene, "ab", "c", "d")
    assert (again.code, len(scene.writer.sent)) == (ExitCode.DONE, before)
    assert "nothing to do" in said(again, "a")


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_no_more_are_worked_on_at_the_same_time_than_there_are_workers(workers: int) -> None:
    scene = a_fleet()
    at_work, most, lock = 0, 0, threading.Lock()
    read = scene.registry.model

    def slow(name: str) -> Any:
        nonlocal at_work, most
        with lock:
            at_work, most = at_work + 1, max(most, at_work + 1)
        time.sleep(0.02)
        with lock:
            at_work -= 1
        return read(name)

    scene.registry.model = slow  # type: ignore[method-assign]
    assert call(scene, "ab", "c", "d", workers=workers).code is ExitCode.DONE
    assert most <= workers
    assert most > 1 or workers == 1


def test_no_more_are_worked_on_at_the_same_time_than_the_registry_bears() -> None:
    scene = a_fleet()
    scene.registry.features = Features(at_once=2)
    call(scene, *NAMES)
    assert scene.voice.events[0].sentence == "4 promotions, 0 groups, at most 2 at the same time"


@pytest.mark.parametrize("mode", [Mode.DRY_RUN, Mode.CHECK])
def test_a_look_writes_nothing_and_ends_as_the_call_would(mode: Mode) -> None:
    scene = a_fleet()
    looked = call(scene, "ab", "c", "d", mode=mode)
    assert (looked.code, scene.writer.sent) == (ExitCode.DONE, [])
    assert looked.hints == ("do it: promote_model.py --manifest fleet.toml",)
    hold(scene, "b")
    refused = call(scene, "ab", "c", "d", mode=mode)
    assert (codes(refused), refused.reviewed) == ({"a": 2, "b": 2, "c": 0, "d": 0}, None)
    assert said(refused, "a") == "not begun: another promotion of group ab may not go"
    assert codes(call(scene, "ab", "c", "d")) == codes(refused)


# --- groups ---


def test_of_a_group_nothing_is_begun_when_one_may_not_go() -> None:
    scene = a_fleet()
    hold(scene, "c")
    outcome = call(scene, "abc", "d")
    assert (codes(outcome), champions(scene)) == (
        {"a": 2, "b": 2, "c": 2, "d": 0},
        {**dict.fromkeys("abc", "1"), "d": "2"},
    )
    assert {step.model for step in scene.writer.sent} == {"d"}


def test_a_group_that_fails_half_way_is_taken_back_newest_first_and_that_is_recorded() -> None:
    scene = a_fleet()
    At(scene, moves("c"), broken)
    outcome = call(scene, "abcd")
    assert codes(outcome) == {"a": 2, "b": 2, "c": 4, "d": 2}
    assert champions(scene) == dict.fromkeys(NAMES, "1")
    assert [(one.model, one.kind) for one in scene.journal.records] == [
        ("a", "promote"),
        ("b", "promote"),
        ("b", "rollback"),
        ("a", "rollback"),
    ]
    assert "group abcd failed at c" in scene.journal.records[-1].why
    assert said(outcome, "a").startswith("taken back, @champion is v1 again: group abcd failed at c")
    assert said(outcome, "d").startswith("not begun: group abcd failed at c")
    assert [model.aliases for model in scene.registry.models.values() if len(model.name) == 1] == [
        {"champion": "1", "staging": "2"}
    ] * 4
    assert not any(notes(model.tags) for model in scene.registry.models.values())
    assert HOLD_TAG not in scene.registry.version("a", "2").tags


def test_what_was_taken_back_can_be_promoted_again() -> None:
    scene = a_fleet()
    At(scene, moves("b"), broken)
    call(scene, "ab")
    again = call(scene, "ab")
    assert (again.code, champions(scene)["a"], champions(scene)["b"]) == (ExitCode.DONE, "2", "2")
    assert [kind for kind, _, _ in records(scene, "a")] == ["promote", "rollback", "promote"]
    assert Head.parse(scene.registry.models["a"].tags[HEAD_TAG]).number == 3


def test_a_first_promotion_is_taken_back_to_nothing() -> None:
    scene = a_fleet(first=("a",))
    At(scene, moves("b"), broken)
    outcome = call(scene, "ab")
    assert (codes(outcome), scene.registry.models["a"].aliases) == ({"a": 2, "b": 4}, {"staging": "2"})
    assert records(scene, "a") == [("promote", None, "2"), ("rollback", "2", None)]
    assert call(scene, "ab").code is ExitCode.DONE


def test_what_cannot_be_taken_back_says_what_stands_and_how_to() -> None:
    scene = a_fleet()

    def moved_by_hand() -> None:
        MemoryWriter(scene.registry).write(SetAlias("a", "champion", "2", "1"))
        MemoryWriter(scene.registry).write(SetAlias("a", "prev_champion", "1", "2"))
        broken()

    At(scene, moves("b"), moved_by_hand)
    outcome = call(scene, "ab")
    assert codes(outcome)["a"] == 2
    told = "not taken back, @champion is v1: @champion is v1 already: somebody else moved it meanwhile"
    assert said(outcome, "a").startswith(told)
    assert "a --rollback" in outcome.hints[0]
    assert not notes(scene.registry.models["a"].tags)
    assert scene.registry.models["a"].aliases["prev_champion"] == "2"  # what a stranger set is left alone


@pytest.mark.parametrize("how", ["resume", "abandon"])
@pytest.mark.parametrize("at", range(1, 16))
def test_killed_anywhere_in_a_group_each_one_begun_is_recovered_and_the_same_call_finishes_it(
    at: int, how: str
) -> None:
    """Fifteen writes: three announcements, three for each of three members, and the announcements go."""
    scene = a_fleet("a", "b", "c")
    scene.fail(at, _killed)
    with pytest.raises(Killed):
        call(scene, "abc")
    scene.heal()
    begun = [name for name, model in scene.registry.models.items() if notes(model.tags)]
    if "1" in champions(scene).values():  # It had not ended, so whatever moved can be seen to belong to it.
        assert {name for name, number in champions(scene).items() if number == "2"} <= set(begun)
    if begun:
        assert call(scene, "abc").code is ExitCode.REFUSED
    cut_short = at <= 13  # After that all of them stand, and the announcements go.
    way = how if len(begun) == 3 else "abandon" if cut_short else "resume"
    for name in begun:
        if way != how:  # The others are as they were, or have ended: it would split the group.
            with pytest.raises(Conflict, match=f"{how} would split it"):
                scene.recover(how, model=name)
        assert scene.recover(way, model=name).code is ExitCode.DONE
    if way == "abandon" and begun:
        assert champions(scene) == dict.fromkeys("abc", "1")
        assert HOLD_TAG not in scene.registry.version("a", "2").tags
    assert call(scene, "abc").code is ExitCode.DONE
    assert champions(scene) == dict.fromkeys("abc", "2")
    assert not any(notes(scene.registry.models[name].tags) for name in "abc")
    if way == "resume":
        assert all([kind for kind, _, _ in records(scene, name)] == ["promote"] for name in "abc")


def _killed(_: Any) -> None:
    raise Killed


@pytest.mark.parametrize("how", ["resume", "abandon"])
@pytest.mark.parametrize("first", [(), ("a",)])
@pytest.mark.parametrize("at", range(1, 7))
def test_killed_while_a_group_is_taken_back_recovery_ends_it(at: int, first: tuple[str, ...], how: str) -> None:
    scene = a_fleet("a", "b", first=first)
    counted = At(scene, moves("b"), broken)
    promoted = 4 if first else 5  # writes of a's own promotion
    undoing = At(scene, lambda step: step.model == "a", lambda: None)
    undoing.write = _killing(undoing, promoted + at)  # type: ignore[method-assign]
    with contextlib.suppress(Killed):
        call(scene, "ab")
    assert counted.met
    scene.heal()
    try:
        assert scene.recover(how, model="a").code is ExitCode.DONE
    except Conflict:  # b is back already.
        assert how == "resume"
        assert scene.recover("abandon", model="a").code is ExitCode.DONE
    assert not notes(scene.registry.models["a"].tags)
    assert champions(scene)["a"] in ({None, "2"} if first else {"1", "2"})
    assert call(scene, "ab").code in (ExitCode.DONE, ExitCode.WARNED)
    assert champions(scene) == {"a": "2", "b": "2"}


def _killing(at: At, count: int) -> Any:
    """The writer's write, dead from the `count`-th write to that model on."""
    seen = 0
    passed_on = at.inner.write

    def write(step: Step) -> None:
        nonlocal seen
        seen += step.model == "a"
        if seen >= count:
            raise Killed
        passed_on(step)

    return write


def test_nobody_moves_a_model_of_a_group_before_all_of_it_has_ended() -> None:
    scene = a_fleet("a", "b")
    met: list[Outcome] = []
    At(scene, moves("b"), lambda: met.append(call(scene, "a", "b")))
    assert call(scene, "ab").code is ExitCode.DONE
    assert codes(met[0]) == {"a": 2, "b": 2}
    assert "a promote of @champion from v1 to v2 in a group (a, b) is under way" in str(met[0].facts)


@pytest.mark.parametrize("order", ["abcd", "dcba"])
def test_of_two_groups_over_the_same_models_at_once_none_is_left_half_promoted(order: str) -> None:
    scene = a_fleet()
    barrier, ended = threading.Barrier(2), []
    both = []
    for names in ("abcd", order):
        writer = At(replace(scene), lambda _: True, barrier.wait)
        world = replace(scene.world, writer=writer)
        asked = Request(Mode.PROMOTE, fleet=Fleet(units(names), 8, "fleet.toml"))
        both.append(threading.Thread(target=lambda world=world, asked=asked: ended.append(fleet.run(asked, world))))
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    won = [one for one in ended if one.code is ExitCode.DONE]
    assert sorted(one.code for one in ended) in ([ExitCode.DONE, ExitCode.REFUSED], [ExitCode.REFUSED] * 2)
    assert champions(scene) == dict.fromkeys(NAMES, "2" if won else "1")
    assert not any(notes(model.tags) for model in scene.registry.models.values())


def test_a_model_that_may_not_be_written_is_found_before_the_first_alias_moves() -> None:
    scene = a_fleet()
    At(scene, lambda step: step.model == "c", broken)
    assert codes(call(scene, "abcd")) == {"a": 2, "b": 2, "c": 4, "d": 2}
    assert not [step for step in scene.writer.inner.sent if isinstance(step, SetAlias)]  # type: ignore[attr-defined]
    assert not any(notes(model.tags) for model in scene.registry.models.values())


def test_somebody_else_at_the_model_does_not_keep_it_from_being_taken_back() -> None:
    scene = a_fleet()

    def announced_by_another() -> None:
        MemoryWriter(scene.registry).write(SetTag("a", f"promotion_intent_{'0' * 12}", None, "{}"))
        broken()

    At(scene, moves("b"), announced_by_another)
    assert codes(call(scene, "ab")) == {"a": 2, "b": 4}
    assert champions(scene)["a"] == "1"


@pytest.mark.parametrize("when", ["before the others move", "after they moved"])
def test_a_member_with_nothing_to_do_must_still_be_there_when_the_others_have_moved(when: str) -> None:
    scene = a_fleet()
    call(scene, "a")
    first = isinstance if when.startswith("before") else (lambda step, _: isinstance(step, SetAlias))
    At(scene, lambda step: first(step, SetTag), lambda: scene.writer.inner.writer.write(away))  # type: ignore[attr-defined]
    away = SetAlias("a", "champion", "2", "1")
    outcome = call(scene, "ab")
    assert (codes(outcome), champions(scene)["b"]) == ({"a": 2, "b": 2}, "1")
    assert "@champion is v1, not v2: somebody else moved it" in said(outcome, "a")
    assert [kind for kind, _, _ in records(scene, "b")] == (
        [] if when.startswith("before") else ["promote", "rollback"]
    )


def test_a_member_that_is_not_better_stops_its_group() -> None:
    scene = a_fleet()
    scene.registry.known["a", "2"] = replace(scene.registry.version("a", "2"), metrics={"f1": 0.1})
    goals = {"if_better": (Goal.parse("f1"),), "else_alias": "challenger"}
    refused = call(scene, "ab", **goals)
    assert codes(refused) == {"a": 2, "b": 2}
    assert said(refused, "a").startswith(
        "refused by better_than_champion; @champion stays at v1 (v2 is not better than"
    )
    assert "f1 0.81 -> 0.1" in said(refused, "a")
    assert champions(scene) == dict.fromkeys(NAMES, "1")
    assert codes(call(scene, "a", "b", **goals)) == {"a": 0, "b": 0}
    assert scene.registry.models["a"].aliases["challenger"] == "2"


def test_of_a_group_nothing_is_copied_when_one_may_not_go() -> None:
    scene = a_fleet()
    hold(scene, "b")
    group = (Request(Mode.PROMOTE, "new", copy_from="c"), Request(Mode.PROMOTE, "b"))
    asked = Request(Mode.PROMOTE, fleet=Fleet((Unit(group, "g"),), 8, "fleet.toml"))
    assert codes(fleet.run(asked, scene.world)) == {"new": 2, "b": 2}
    assert scene.writer.copies == []
    scene.tag_by_hand(HOLD_TAG, None)
    MemoryWriter(scene.registry).write(SetTag("b", HOLD_TAG, "rolled back", None, "2"))
    assert codes(fleet.run(asked, scene.world)) == {"new": 0, "b": 0}
    assert len(scene.writer.copies) == 1


def test_what_a_group_cannot_take_back_stays_announced_and_stops_no_other() -> None:
    scene = a_fleet()
    back = lambda step: step == SetAlias("b", "champion", "2", "1")  # noqa: E731 - what is broken, in one line
    At(scene, moves("c"), broken)
    At(scene, back, broken)
    outcome = call(scene, "abc")
    assert (codes(outcome), champions(scene)["b"]) == ({"a": 2, "b": 4, "c": 4}, "2")
    assert said(outcome, "b") == "not taken back, @champion is v2: the connection broke"
    assert "b --recover resume" in outcome.hints[0]
    assert scene.recover("resume", model="b").code is ExitCode.DONE
    assert champions(scene) == dict.fromkeys(NAMES, "1")


def test_a_defect_in_taking_back_stops_no_other() -> None:
    scene = a_fleet()
    back = lambda step: step == SetAlias("b", "champion", "2", "1")  # noqa: E731 - what is broken, in one line
    At(scene, moves("c"), broken)
    At(scene, back, lambda: {}["nonsense"])
    with pytest.raises(KeyError, match="nonsense"):
        call(scene, "abc")
    assert champions(scene) == {"a": "1", "b": "2", "c": "1", "d": "1"}
    told = next(row[4] for event in scene.voice.events if event.table for row in event.table.rows if row[0] == "b")
    assert told.startswith("not taken back, @champion is v2: a defect of this program: KeyError")


# --- interrupts, defects ---


def test_ctrl_c_lets_what_has_begun_end_and_begins_nothing_else() -> None:
    scene = a_fleet()
    At(scene, moves("b"), press_ctrl_c)
    outcome = call(scene, *NAMES, workers=1)
    assert outcome.code is ExitCode.INTERRUPTED
    assert codes(outcome) == {"a": 0, "b": 0, "c": 130, "d": 130}
    assert outcome.summary == "2 done, 2 interrupted; promoted and left standing: a, b"
    assert outcome.hints == ("go on: promote_model.py --manifest fleet.toml",)
    assert champions(scene) == {"a": "2", "b": "2", "c": "1", "d": "1"}
    assert call(scene, *NAMES).code is ExitCode.DONE


@pytest.mark.parametrize(("groups", "begun"), [(("a", "b"), {"a"}), (("ab",), set())])
def test_what_is_stopped_between_its_checks_and_its_announcement_has_not_begun(
    groups: tuple[str, ...], begun: set[str]
) -> None:
    scene = a_fleet()
    read, pressed = scene.registry.model, []

    class Asked:
        name, topic, weight = "asked", "Asked", Weight.ADVISES

        def ask(self, _: Witness) -> None:
            pressed.append("ready")

    def slow(name: str) -> Any:
        if pressed == ["ready"] * len("".join(groups)):  # All are judged: this is the reading before the first write.
            pressed.append("done")
            press_ctrl_c()
        return read(name)

    scene.checks, scene.registry.model = (Asked(),), slow  # type: ignore[assignment, method-assign]
    outcome = call(scene, *groups, workers=8 if len(groups) == 1 else 1)
    assert (outcome.code, {step.model for step in scene.writer.sent}) == (ExitCode.INTERRUPTED, begun)
    assert "interrupted before" in said(outcome, "b")


def test_an_interrupt_while_the_work_is_handed_out_leaves_none_at_work_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, hand_out, pressed = a_fleet(), ThreadPoolExecutor.submit, []

    def press_once(pool: ThreadPoolExecutor, *work: Any) -> Any:
        if not pressed:
            pressed.append("Ctrl-C")
            press_ctrl_c()
        return hand_out(pool, *work)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", press_once)
    assert set(codes(call(scene, *NAMES))) == set(NAMES)
    assert any(event.sentence.startswith("interrupted; nothing else begins") for event in scene.voice.events)


def test_what_is_taken_back_tells_of_every_move() -> None:
    scene = a_fleet()
    At(scene, moves("b"), broken)
    fleet.run(Request(Mode.PROMOTE, fleet=Fleet(units("ab"), 1, "fleet.toml"), verbose=True), scene.world)
    told = [(event.topic, event.sentence) for event in scene.voice.events if event.topic.startswith("a: ")]
    assert ("a: champion", "@champion: v2 -> v1, read back") in told
    assert ("a: prev_champion", "@prev_champion: v1 -> nothing, read back") in told


def test_ctrl_c_in_a_group_takes_back_what_was_done_of_it() -> None:
    scene = a_fleet()
    At(scene, moves("b"), press_ctrl_c)
    outcome = call(scene, "abc")
    assert (outcome.code, codes(outcome)) == (ExitCode.INTERRUPTED, {"a": 2, "b": 2, "c": 130})
    assert said(outcome, "a") == "taken back, @champion is v1 again: group abc was interrupted before c"
    told = [event.sentence for event in scene.voice.events if event.topic == "Fleet"]
    assert any(sentence.endswith("a group that is half way is taken back") for sentence in told)
    assert not any(notes(model.tags) for model in scene.registry.models.values())
    assert champions(scene) == dict.fromkeys(NAMES, "1")


def test_a_defect_in_one_is_raised_when_the_others_have_ended_and_are_told() -> None:
    scene = a_fleet()
    At(scene, moves("b"), lambda: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        call(scene, *NAMES)
    assert champions(scene) == {"a": "2", "b": "1", "c": "2", "d": "2"}
    table = scene.voice.events[-1].table
    assert table is not None
    assert [row[3] for row in table.rows] == ["0", "70", "0", "0"]


# --- models run one at a time, lines name their model ---


class Scoring:
    """A scorer that notices when two models run at the same time."""

    def __init__(self) -> None:
        self.running = self.most = self.ran = 0

    def run(self, trial: Trial) -> TrialResult:
        self.running, self.ran = self.running + 1, self.ran + 1
        self.most = max(self.most, self.running)
        time.sleep(0.01)
        self.running -= 1
        return TrialResult(trial.label)

    def examine(self, exam: Exam) -> tuple[Case, ...]:
        self.run(exam.trial)
        return ()

    def stop(self) -> None:
        self.running = 0


def test_two_models_never_run_at_the_same_time() -> None:
    scorer, scene = Scoring(), a_fleet()

    class Runs:
        name, topic, weight = "runs", "Runs", Weight.ADVISES

        def ask(self, witness: Witness) -> None:
            with witness.models_at_work:
                witness.scorer.run(Trial("v1", Path()))

    scene.checks, scene.scorer = (Runs(),), scorer  # type: ignore[assignment]
    assert call(scene, "ab", "c", "d").code is ExitCode.DONE
    assert (scorer.ran, scorer.most) == (4, 1)


def test_what_was_found_while_all_is_being_stopped_is_not_acted_upon() -> None:
    scene = a_fleet()

    class Presses:
        name, topic, weight = "presses", "Presses", Weight.BLOCKS

        def ask(self, _: Witness) -> Finding:
            press_ctrl_c()
            return Finding(Verdict.FAILED, "the model was stopped")

    scene.checks = (Presses(),)
    outcome = call(scene, "a", "b", workers=1)
    assert (codes(outcome), scene.writer.sent) == ({"a": 130, "b": 130}, [])
    assert said(outcome, "a") == "interrupted before it began; nothing of it was written"


def test_verbose_tells_everything_each_line_with_its_model() -> None:
    scene = a_fleet()
    asked = Fleet(units(*NAMES), 8, "fleet.toml")
    fleet.run(Request(Mode.PROMOTE, fleet=asked, verbose=True), scene.world)
    topics = [event.topic for event in scene.voice.events]
    assert {"a: Signature", "b: Plan", "c: champion", "d: Record"} <= set(topics)
    assert all(topic.split(":")[0] in (*NAMES, "Fleet") for topic in topics)


# --- reviewed plans ---


def reviewed(scene: Scene, *groups: str) -> ReviewedFleet:
    planned = call(scene, *groups, mode=Mode.DRY_RUN).reviewed
    assert isinstance(planned, ReviewedFleet)
    return ReviewedFleet.parse(planned.text)


def apply_plans(scene: Scene, plans: ReviewedFleet) -> Outcome:
    scene.clock.sleep(60)
    again = tuple(
        Unit(tuple(Request(Mode.APPLY, str(one.asked["model"]), reviewed=one) for one in unit.plans), unit.name)
        for unit in plans.units
    )
    return fleet.run(Request(Mode.APPLY, fleet=Fleet(again, plans.workers, "plan.json")), scene.world)


def test_the_plans_of_a_fleet_are_applied_as_they_were_made() -> None:
    scene = a_fleet()
    plans = reviewed(scene, "ab", "c", "d")
    assert [(unit.name, len(unit.plans)) for unit in plans.units] == [("ab", 2), ("", 1), ("", 1)]
    assert (apply_plans(scene, plans).code, champions(scene)) == (ExitCode.DONE, dict.fromkeys(NAMES, "2"))
    again = apply_plans(scene, plans)
    assert (again.code, "nothing to do" in said(again, "a")) == (ExitCode.DONE, True)


def test_if_one_plan_is_stale_none_is_applied() -> None:
    scene = a_fleet()
    plans = reviewed(scene, "ab", "c", "d")
    MemoryWriter(scene.registry).write(SetAlias("d", "champion", "1", None))
    refused = apply_plans(scene, plans)
    assert (refused.code, scene.writer.sent) == (ExitCode.REFUSED, [])
    assert "the plan is stale: " in said(refused, "d")
    assert said(refused, "a") == "not begun: another plan of this file does not hold"


def test_a_plan_of_a_group_holds_only_while_what_was_there_already_is_there() -> None:
    scene = a_fleet()
    call(scene, "a")
    plans = reviewed(scene, "ab")
    assert [plan.asked["model"] for plan in plans.units[0].plans] == ["a", "b"]
    scene.call(Mode.ROLLBACK, model="a")
    scene.heal()
    refused = apply_plans(scene, plans)
    assert (refused.code, scene.writer.sent, champions(scene)["b"]) == (ExitCode.REFUSED, [], "1")
    scene.call(Mode.PROMOTE, model="a", force=True)
    assert (apply_plans(scene, plans).code, champions(scene)["b"]) == (ExitCode.DONE, "2")


def test_what_is_there_already_needs_no_plan() -> None:
    scene = a_fleet()
    call(scene, "a")
    assert [unit.plans[0].asked["model"] for unit in reviewed(scene, "a", "b").units] == ["b"]
    call(scene, *NAMES)
    assert call(scene, *NAMES, mode=Mode.DRY_RUN).reviewed is None
