"""Two calls of one alias, in every order of their requests that few switches can make (see schedules.py)."""

import itertools
import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode
from model_promotion.core.selector import ByNumber
from model_promotion.owners import MemoryOwner
from tests.torture.conftest import LONG, Tally, budget
from tests.torture.schedules import AS_ASKED, BEFORE, Call, Calls, play, violations
from tests.worlds import Killed, Scene, a_scene, killed_after, version

STOPS = 14


def to(number: str, *, force: bool = False) -> Call:
    def promoted(scene: Scene) -> Outcome:
        return scene.promote(number, force=force)

    return promoted


def back(scene: Scene) -> Outcome:
    return scene.rollback()


def back_to_the_first(scene: Scene) -> Outcome:
    return scene.rollback("1", reason=AS_ASKED)


def released(scene: Scene) -> Outcome:
    return scene.call(Mode.RELEASE, candidate=ByNumber("6"), candidate_named=True)


def recovered(how: str, name: str) -> Call:
    def end(scene: Scene) -> Outcome:
        scene.owner = MemoryOwner(name, gone=frozenset({"the one that died"}))
        return scene.recover(how)

    return end


PAIRS: dict[str, tuple[Calls, Calls]] = {
    "two promotions": ((to("4"),), (to("5"),)),
    "the same promotion twice": ((to("4"),), (to("4"),)),
    "a promotion, a rollback in between": ((to("4"),), (back,)),
    "a rollback, a promotion in between": ((back,), (to("4"),)),
    "two rollbacks": ((back,), (back,)),
    "a release, a promotion in between": ((released,), (to("4"),)),
    "a rollback, a release in between": ((back,), (released,)),
    "two releases": ((released,), (released,)),
    # What the first one saw looks the same again when it goes on.
    "a promotion, there and back in between": ((to("4"),), (to("4"), back)),
    "a rollback, there and back in between": ((back,), (to("4"), back)),
    "a rollback, back and forth in between": ((back,), (back_to_the_first, to("3", force=True))),
}
RECOVERIES = {
    f"{one} and {other}": ((recovered(one, "a"),), (recovered(other, "b"),))
    for one, other in itertools.product(["resume", "abandon"], repeat=2)
}


def after_two_promotions() -> Scene:
    """v3 is champion, v2 its backup, v6 held."""
    scene = a_scene(*(version(str(number)) for number in range(1, 7)))
    for number in "23":
        scene.promote(number)
    scene.tag_by_hand(HOLD_TAG, "bad data", "6")
    assert len(scene.journal.records) == BEFORE
    return scene


def cut_off(at: int) -> Scene:
    """The same, and a promotion of v4 that was killed after its `at`-th write."""
    scene = replace(after_two_promotions(), owner=MemoryOwner("the one that died")).fail(at, killed_after)
    with pytest.raises(Killed):
        scene.promote("4")
    return scene.heal()


def two_switches(name: str) -> list[tuple[int, ...]]:
    """Every schedule with two switches, or some of them."""
    every = list(itertools.product(range(1, STOPS), repeat=2))
    return every if LONG else random.Random(name).sample(every, 12)  # noqa: S311 - a dice, no secret


def tried(calls: tuple[Calls, Calls], schedules: Iterable[tuple[int, ...]], tally: Tally) -> list[str]:
    """Which promises were broken, and by which schedule."""
    found: list[str] = []
    for schedule in schedules:
        scene = after_two_promotions()
        played = play(scene, calls, schedule)
        broken = violations(scene, played)
        found += [f"{broken}: {schedule} {played.story}"] if broken else []
        tally["schedules"] = tally.get("schedules", 0) + 1
        tally["violations"] = tally.get("violations", 0) + bool(broken)
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_a_call_from_beginning_to_end_within_another_breaks_nothing(name: str, tally: Tally) -> None:
    """However slow one of them is: nothing is lost, and neither is told otherwise."""
    assert tried(PAIRS[name], ((k,) for k in range(1, STOPS + 8)), tally) == []


@pytest.mark.parametrize("name", PAIRS)
def test_two_stalls_at_any_two_requests_break_nothing(name: str, tally: Tally) -> None:
    assert tried(PAIRS[name], two_switches(name), tally) == []


def test_many_switches_at_random_break_nothing(tally: Tally) -> None:
    dice = random.Random(2026)  # noqa: S311 - as above
    for _ in budget(2, 60):
        calls = dice.choice(list(PAIRS.values()))
        schedule = tuple(dice.randint(1, 8) for _ in range(dice.randint(3, 8)))
        assert tried(calls, [schedule], tally) == []


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("name", RECOVERIES)
def test_of_two_recoveries_at_once_one_ends_the_work_and_the_other_keeps_out(name: str, at: int, tally: Tally) -> None:
    for schedule in two_switches(f"{name} {at}"):
        scene = cut_off(at)
        played = play(scene, RECOVERIES[name], schedule)
        finished = scene.aliases["champion"] == "4"
        how = f"{schedule} {played.story} {played.outcomes}"
        assert 0 in played.codes <= {0, 2}, how
        assert (scene.aliases["prev_champion"], len(scene.journal.records)) == (("3", 3) if finished else ("2", 2)), how
        assert (scene.fits(), scene.noted) == (True, {}), how
        tally["schedules"] = tally.get("schedules", 0) + 1
