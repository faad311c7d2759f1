"""A rollback while a rollout is under way takes it over at once, and whoever is at work on it stops and says so."""

from collections.abc import Callable

import pytest

from model_promotion.core.deployment import ServingStep, SetServed, SetTraffic
from model_promotion.core.errors import Unavailable
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import announces, intents
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.core.steps import SetAlias, SetTag, Step
from tests.flows.rollouts.test_canary import RUNGS, a_shop, serves
from tests.flows.rollouts.test_disturbed import endpoints_of, held, interrupt, meddled, uncut
from tests.worlds import Faulty, Killed, Scene, lost_reply, lost_request


def baking(scene: Scene) -> bool:
    return scene.aliases["champion"] == "2"


def at_rung(pct: int) -> Callable[[Scene], bool]:
    return lambda scene: serves(scene).get("2") == pct


def kinds(scene: Scene) -> list[str]:
    records = sorted([*scene.journal.records, *scene.spare.records], key=lambda one: one.number)
    return [one.kind for one in records]


def gone_back(scene: Scene) -> None:
    """Endpoint, alias, hold and record are as after any rollback, and nobody's note is left."""
    assert (serves(scene), scene.aliases["champion"], scene.noted) == ({"1": 100}, "1", {})
    assert held(scene)
    assert scene.fits()


def overruled(scene: Scene, when: Callable[[Scene], bool], **options: object) -> tuple[Outcome, Outcome]:
    """What the rollback says that comes in the middle of a rollout, and what the rollout says.

    Nothing is written after the rollback.
    """
    back: list[Outcome] = []
    written: list[int] = []

    def emergency() -> None:
        back.append(scene.rollback(reason="complaints"))
        gone_back(scene)
        written.extend((len(scene.writer.sent), len(endpoints_of(scene).written)))

    meddled(scene, lambda: when(scene), emergency)
    promoted = scene.promote("2", **{"canary": RUNGS, **options})
    assert [len(scene.writer.sent), len(endpoints_of(scene).written)] == written
    # Whoever typed a rollback now would go one version further back.
    assert not [hint for hint in promoted.hints if "--rollback" in hint], promoted.hints
    return back[0], promoted


def test_while_the_old_version_waits() -> None:
    scene = a_shop()
    back, promoted = overruled(scene, baking)
    assert (back.code, promoted.code) == (ExitCode.DONE, ExitCode.REFUSED), (back.warnings, promoted.summary)
    assert "taken this over" in promoted.summary
    assert "\n" not in promoted.summary
    gone_back(scene)
    assert kinds(scene) == ["promote", "rollback"]
    record = scene.journal.records[-1]
    assert (record.was, record.to, record.why) == ("2", "1", "complaints")
    assert [one.step.to for one in record.evidence["rollout"]] == [0, None]


@pytest.mark.parametrize("rung", RUNGS)
def test_while_the_canary_goes_up(rung: int) -> None:
    scene = a_shop()
    backup = scene.aliases.get("prev_champion")
    back, promoted = overruled(scene, at_rung(rung))
    assert (back.code, promoted.code) == (ExitCode.DONE, ExitCode.REFUSED), (back.warnings, promoted.summary)
    assert "taken this over" in promoted.summary
    gone_back(scene)
    assert scene.aliases.get("prev_champion") == backup
    (record,) = scene.journal.records
    assert (record.kind, record.was, record.to) == ("rollback", "1", "1"), "the alias stood still"
    assert "v2 was not promoted yet; complaints" in record.why
    assert "v2 was not promoted yet" in scene.call(Mode.HISTORY).table.rows[0][-1]  # type: ignore[union-attr]
    assert scene.call(Mode.VERIFY_AUDIT).code is ExitCode.DONE


def test_a_rollout_whose_process_is_dead_needs_no_waiting_either() -> None:
    scene = in_the_middle(at_rung(25))
    assert serves(scene) == {"1": 75, "2": 25}
    assert scene.rollback().code is ExitCode.DONE
    gone_back(scene)


def test_it_moves_the_alias_although_no_endpoint_can_be_changed() -> None:
    scene = a_shop()
    said: list[Outcome] = []

    def emergency() -> None:
        def down(_: Callable[[], None]) -> None:
            raise Unavailable("no answer")

        endpoints_of(scene).effect = down
        said.append(scene.rollback())

    meddled(scene, lambda: baking(scene), emergency)
    promoted = scene.promote("2", canary=RUNGS)
    assert (said[0].code, scene.aliases["champion"], promoted.code) == (ExitCode.WARNED, "1", ExitCode.REFUSED)
    assert "churn" in said[0].warnings[0]
    # That somebody else has it is no look at the endpoint.
    assert not [one.sentence for one in scene.voice.events if one.topic == "Canary" and "taken" in one.sentence]
    assert held(scene)
    assert scene.noted == {}


def test_a_rollback_of_another_alias_leaves_it_alone() -> None:
    scene = a_shop()
    scene.by_hand("challenger", "3")

    def other() -> None:
        with pytest.raises(Exception, match="under way"):
            scene.rollback(target_alias="challenger", to="1")

    meddled(scene, lambda: at_rung(25)(scene), other)
    assert scene.promote("2", canary=RUNGS).code is ExitCode.DONE


def test_to_another_version_the_canary_goes_back_first() -> None:
    scene = a_shop()
    hints: list[str] = []

    def other() -> None:
        with pytest.raises(Exception, match="not recorded yet") as refused:
            scene.rollback(to="3")
        hints.append(refused.value.hint)  # type: ignore[attr-defined]

    meddled(scene, lambda: at_rung(25)(scene), other)
    scene.promote("2", canary=RUNGS)
    assert hints == ["take it back first: promote_model.py shop.pricing.churn --rollback"]


def test_to_another_version_while_the_old_one_waits() -> None:
    scene = a_shop()
    meddled(scene, lambda: baking(scene), lambda: said.append(scene.rollback(to="3")))
    said: list[Outcome] = []
    promoted = scene.promote("2", canary=RUNGS)
    assert (said[0].code, promoted.code) == (ExitCode.WARNED, ExitCode.REFUSED)
    assert (scene.aliases["champion"], scene.noted) == ("3", {})
    assert "--version 3 --update-endpoints" in " ".join(said[0].warnings)


class Overtaken:
    """The rollback comes right before, or right after, one write of the rollout is taken."""

    def __init__(self, scene: Scene, *, before: bool) -> None:
        self.scene, self.before, self.back = scene, before, []

    def around(self, take: Callable[[], None]) -> None:
        if self.back:
            take()
            return
        if not self.before:
            take()
        self.back.append(None)
        self.back[0] = self.scene.rollback()
        if self.before:
            take()

    def at_the_endpoint(self, is_it: Callable[[ServingStep], bool]) -> Outcome:
        endpoints = endpoints_of(self.scene)
        endpoints.effect = lambda take: self.around(take) if is_it(endpoints.written[-1]) else take()
        return self.scene.promote("2", canary=RUNGS)

    def at_the_registry(self, is_it: Callable[[Step], bool], **options: object) -> Outcome:
        class Writer(Faulty):
            def write(writer, step: Step) -> None:  # noqa: N805 - `self` is the story's
                write = super().write
                self.around(lambda: write(step)) if is_it(step) and not self.back else write(step)

        self.scene.writer = Writer(self.scene.writer.writer)
        return self.scene.promote("2", canary=RUNGS, **options)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("pct", [5, 50, 100])
def test_at_the_very_moment_when_traffic_moves_on(pct: int, *, before: bool) -> None:
    story = Overtaken(a_shop(), before=before)
    promoted = story.at_the_endpoint(lambda step: isinstance(step, SetTraffic) and step.to == pct)
    assert promoted.code is ExitCode.REFUSED, promoted.summary
    gone_back(story.scene)


@pytest.mark.parametrize("before", [True, False])
def test_at_the_very_moment_when_the_old_version_is_let_go(*, before: bool) -> None:
    story = Overtaken(a_shop(), before=before)
    promoted = story.at_the_endpoint(lambda step: isinstance(step, SetServed) and step.entity == "it-1")
    assert promoted.code is ExitCode.REFUSED, promoted.summary
    gone_back(story.scene)


def moves_champion(step: Step) -> bool:
    return isinstance(step, SetAlias) and (step.alias, step.to) == ("champion", "2")


def test_right_after_the_alias_moved_and_before_that_is_recorded() -> None:
    story = Overtaken(a_shop(), before=False)
    promoted = story.at_the_registry(moves_champion)
    assert promoted.code is ExitCode.REFUSED, promoted.summary
    gone_back(story.scene)
    (record,) = story.scene.journal.records
    assert (record.kind, record.was, record.to) == ("rollback", "2", "1")


def test_an_alias_that_was_moved_at_the_last_moment_is_told_by_both() -> None:
    # The window that no registry closes: the write was decided before the rollback, and lands after it.
    story = Overtaken(a_shop(), before=True)
    promoted = story.at_the_registry(moves_champion)
    assert promoted.code is ExitCode.REFUSED
    assert "@champion is v2" in promoted.summary
    assert (story.scene.aliases["champion"], story.scene.noted) == ("2", {})
    assert story.scene.rollback(to="1").code <= ExitCode.WARNED
    assert story.scene.aliases["champion"] == "1"


def renews(step: Step) -> bool:
    return isinstance(step, SetTag) and step.was is not None and bool(step.to) and bool(intents({step.key: step.to}))


@pytest.mark.parametrize("before", [True, False])
def test_at_the_very_moment_when_the_lease_is_renewed(*, before: bool) -> None:
    story = Overtaken(a_shop(), before=before)
    promoted = story.at_the_registry(renews, bake_s=900)
    assert promoted.code is ExitCode.REFUSED, promoted.summary
    assert "taken this over" in promoted.summary
    gone_back(story.scene)


def closes(step: Step) -> bool:
    return isinstance(step, SetTag) and step.to is None and announces(step.undone())


@pytest.mark.parametrize("before", [True, False])
def test_at_the_very_moment_when_the_rollout_ends(*, before: bool) -> None:
    story = Overtaken(a_shop(), before=before)
    story.at_the_registry(closes)
    scene, back = story.scene, story.back[0]
    assert back.code <= ExitCode.WARNED, back.summary
    assert (scene.aliases["champion"], scene.noted) == ("1", {})
    assert kinds(scene) == ["promote", "bake", "rollback"]
    assert held(scene)
    assert scene.fits()


def test_a_rollout_that_has_ended_when_it_is_to_be_taken_over_is_rolled_back_as_any_other() -> None:
    scene = in_the_middle(baking)
    (key,) = scene.noted

    def ended_meanwhile(write: Callable[[], None]) -> None:
        scene.tag_by_hand(key, None)
        write()

    back = scene.fail(1, ended_meanwhile).rollback()
    assert (back.code, scene.aliases["champion"], scene.noted) == (ExitCode.DONE, "1", {}), back.summary
    assert serves(scene) == {"1": 100, "2": 0}
    assert scene.fits()


def test_who_cannot_read_the_registry_gives_the_new_version_no_more_traffic() -> None:
    scene = a_shop()
    moved: list[int] = []

    def silent(take: Callable[[], None]) -> None:
        take()
        moved.append(len(endpoints_of(scene).written))

    def deaf() -> None:
        endpoints_of(scene).effect = silent
        scene.registry.deaf_for = 10_000

    meddled(scene, lambda: at_rung(5)(scene), deaf)
    scene.promote("2", canary=RUNGS)
    assert not [step for step in endpoints_of(scene).written if isinstance(step, SetTraffic) and step.to > 5]


def in_the_middle(when: Callable[[Scene], bool]) -> Scene:
    """A rollout whose process is gone, its lease running."""
    scene = a_shop()

    def gone(_: object = None) -> None:
        raise Killed

    def dies() -> None:
        scene.writer.dead = True
        endpoints_of(scene).effect = gone
        gone()

    meddled(scene, lambda: when(scene), dies)
    with pytest.raises(Killed):
        scene.promote("2", canary=RUNGS)
    endpoints_of(scene).effect = lambda take: take()
    return scene.heal()


def writes_of(when: Callable[[Scene], bool]) -> int:
    scene = in_the_middle(when)
    scene.rollback()
    return len(scene.writer.sent)


@pytest.mark.parametrize("when", [baking, at_rung(25)], ids=["bake", "canary"])
@pytest.mark.parametrize("effect", [lost_reply, lost_request])
def test_no_lost_request_or_reply_leaves_it_half_done(
    when: Callable[[Scene], bool], effect: Callable[[Callable[[], None]], None]
) -> None:
    for at in range(1, writes_of(when) + 1):
        scene = in_the_middle(when)
        back = scene.fail(at, effect).rollback()
        if scene.heal().noted:
            scene.clock.sleep(1000)
            ended = scene.rollback() if is_rollout(scene) else scene.recover("resume")
            assert ended.code <= ExitCode.WARNED, (at, ended.summary)
        elif back.code > ExitCode.WARNED:
            assert scene.rollback().code <= ExitCode.WARNED, (at, back.summary)
        assert (serves(scene)["1"], scene.aliases["champion"], scene.noted) == (100, "1", {}), (at, back.summary)
        assert scene.fits(), at


@pytest.mark.parametrize("when", [baking, at_rung(25)], ids=["bake", "canary"])
@pytest.mark.parametrize("how", ["resume", "abandon", "rollback"])
@pytest.mark.parametrize("after", [True, False])
def test_killed_at_any_write_it_is_found_and_ended(when: Callable[[Scene], bool], how: str, *, after: bool) -> None:
    def dies(write: Callable[[], None]) -> None:
        if after:
            write()
        raise Killed

    for at in range(1, writes_of(when) + 1):
        scene = in_the_middle(when)
        with pytest.raises(Killed):
            scene.fail(at, dies).rollback()
        scene.heal().clock.sleep(1000)
        again = how == "rollback" and is_rollout(scene)
        ended = scene.rollback() if again else scene.recover(how.replace("rollback", "resume"))
        assert ended.code <= ExitCode.WARNED, (at, ended.summary)
        assert scene.noted == {}, at
        assert scene.fits(), at
        alias, pct = scene.aliases["champion"], serves(scene)
        assert pct.get(alias) == 100, (at, alias, pct, ended.summary)


@pytest.mark.parametrize("how", ["resume", "abandon"])
@pytest.mark.parametrize("at", [2, 3])
def test_killed_when_the_alias_was_moved_at_the_last_moment_it_is_ended_all_the_same(at: int, how: str) -> None:
    def dies(write: Callable[[], None]) -> None:
        write()
        raise Killed

    scene = in_the_middle(at_rung(25))
    with pytest.raises(Killed):
        scene.fail(at, dies).rollback()
    scene.heal().by_hand("champion", "2")
    scene.clock.sleep(1000)
    ended = scene.recover(how)
    assert ended.code <= ExitCode.WARNED, ended.summary
    gone_back(scene)
    assert (scene.journal.records[-1].was, scene.journal.records[-1].to) == ("2", "1")


def is_rollout(scene: Scene) -> bool:
    return [one.kind for one in intents(scene.tags)] == ["promote"]


def test_an_interrupt_while_it_waits_for_the_endpoint_leaves_a_rollback_that_is_done() -> None:
    scene = in_the_middle(at_rung(25))
    endpoints = endpoints_of(scene)
    endpoints.effect = lambda take: interrupt() if isinstance(endpoints.written[-1], SetServed) else take()
    back = uncut(scene.rollback)
    assert (back.code, scene.aliases["champion"], scene.noted) == (ExitCode.WARNED, "1", {})
    assert held(scene)
    assert scene.fits()
