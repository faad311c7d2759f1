"""The kill matrix: every write of a promotion, a rollback and an --apply is the last of a real process."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from model_promotion.core.intent import notes
from tests.torture.conftest import LONG, Make, Tally, left
from tests.torture.grounds import Ground

RECOVERIES = ("resume", "abandon")
KILLS_WITHIN_S = 215.0


@dataclass(frozen=True)
class Story:
    """What goes before, the call that is killed, and where the champion goes."""

    act: tuple[str, ...]
    was: int
    to: int
    predecessor: int | None
    before: tuple[tuple[str, ...], ...] = ()

    @property
    def records(self) -> int:
        """How many there are before the call."""
        return sum("--plan-out" not in args for args in self.before)


PLAN = "plan.json"
STORIES = {
    "promotion": Story((), 1, 2, None),
    "rollback": Story(("--rollback",), 3, 2, 2, before=((), ("--version", "3"))),
    "apply": Story(("--apply", PLAN), 1, 2, None, before=(("--plan-out", PLAN),)),
}


def is_sound(ground: Ground, story: Story) -> None:
    """What holds at every instant."""
    aliases = ground.aliases
    assert aliases["champion"] in ground.ready & {story.was, story.to}
    if story.act == ("--rollback",):
        assert aliases["prev_champion"] in ({story.predecessor} if aliases["champion"] == story.was else {1, 2})
    elif aliases["champion"] == story.to:
        assert aliases["prev_champion"] == story.was


def others_keep_out(ground: Ground, story: Story) -> None:
    """Whoever writes refuses, tells both ways out, and changes nothing."""
    stood = ground.aliases, ground.tags
    for args in ((), ("--rollback",), story.act):
        refused = ground.ask(*args)
        assert refused.code == 2, (args, refused.all)
        assert all(f"--recover {how}" in refused.all for how in RECOVERIES), refused.all
    assert (ground.aliases, ground.tags) == stood


def recovers(ground: Ground, story: Story, how: str) -> None:
    """Once; a second time there is nothing to do; and the record tells what stands."""
    under_way = bool(notes(ground.tags))
    first, second = ground.ask("--recover", how), ground.ask("--recover", how)
    assert (first.code, second.code) == (0, 0), first.all + second.all
    assert "nothing to recover" in second.json["summary"]
    assert not notes(ground.tags)
    is_sound(ground, story)
    moved = ground.aliases["champion"] == story.to
    assert moved or not under_way or how == "abandon"
    assert ground.held == ({story.was} if moved and story.act == ("--rollback",) else set())
    assert ground.ask("--verify-audit").code == 0
    numbers = [row[0] for row in ground.ask("--history").json["table"]["rows"]]
    assert numbers == [str(number) for number in range(1, story.records + moved + 1)], numbers


def life_goes_on(ground: Ground, story: Story) -> None:
    """The same call again does its work or finds it done."""
    again = ground.ask(*story.act)
    assert again.code in (0, 1), again.all
    assert not notes(ground.tags)
    assert ground.ask("--verify-audit").code == 0


def kills(story: Story) -> Iterator[tuple[int, str, str]]:
    """Which write, before or after it, and how it is recovered; the long part has no last write of its own."""
    if not LONG:
        yield from itertools.product((3,) if story.before else (1, 3, 5), ("after",), ("abandon",))
    else:
        for k in itertools.count(1):
            yield from itertools.product((k,), ("before", "after"), RECOVERIES)


def tortured(make: Make, story: Story, tally: Tally) -> None:
    """Until a call is not reached by its killer any more, which means that it ended by itself."""
    tally.update(kills=0, violations=0)
    for k, when, how in left(kills(story), KILLS_WITHIN_S, tally):
        ground = make()
        for args in story.before:
            assert ground.ask(*args).code in (0, 1)
        if not ground.killed_at(k, when, *story.act):
            assert k > 1, "nobody was killed"
            break
        tally["kills"] += 1
        try:
            is_sound(ground, story)
            if bool(notes(ground.tags)):
                others_keep_out(ground, story)
            recovers(ground, story, how)
            life_goes_on(ground, story)
        except Exception as error:
            tally["violations"] += 1
            error.add_note(f"killed {when} write {k}, then {how}")
            raise


@pytest.mark.parametrize("name", STORIES)
def test_a_process_killed_at_any_write_to_unity_catalog_loses_nothing(name: str, loopbacks: Make, tally: Tally) -> None:
    tortured(loopbacks, STORIES[name], tally)


@pytest.mark.parametrize("name", STORIES)
def test_a_process_killed_at_any_write_to_sqlite_loses_nothing(name: str, files: Make, tally: Tally) -> None:
    tortured(files, STORIES[name], tally)
