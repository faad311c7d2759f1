"""What endpoints are asked one by one: do they answer at all, is it whom was meant, and do they answer as before?"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from model_promotion.core.answers import Asked, flaw, same
from model_promotion.core.errors import Conflict
from model_promotion.core.health import Health, Reading
from model_promotion.core.likeness import AGAIN, ROUNDS, Likeness, likeness, repeats
from model_promotion.core.load import Destination
from model_promotion.core.payloads import Payload
from model_promotion.core.rollout import Rollout
from model_promotion.core.rows import Rows
from model_promotion.ports import Clock, Loader, Serving

ASKED = 20
PAUSE_S = 1.0
"""Between two answers that should be the same: a model that goes by the clock often goes by its seconds."""
UNANSWERED, NOTHING = {"unanswered": 1}, dict[str, Any]()
NEVER_ASKED = "what it answered before it had any traffic is not known here"


@dataclass(frozen=True)
class First:
    """What was answered before there was any traffic: by request the candidate's answer, and the champion's if known.

    `why` is why no answer can be compared with these; empty where they can.
    """

    answers: dict[int, Any] = field(default_factory=dict)
    beside: dict[int, Any] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True)
class Probes:
    """What is asked, and how."""

    endpoints: Serving
    loader: Loader
    rows: Rows
    clock: Clock
    tolerance: float = 1e-5
    first: dict[str, First] = field(default_factory=dict)

    @property
    def asked(self) -> Sequence[Payload]:
        """Some of the rows, from all over them."""
        every = self.rows.payloads
        return every[:: math.ceil(len(every) / ASKED)]

    def answers(self, endpoint: str, entity: str, named: str = "") -> None:
        """Every request once, to one entity, or to whoever's turn it is: it must answer, and be who it should be.

        Requests that it was excused from before are not asked.

        Raises:
            Conflict: when it does not, or is not.
        """
        known = self.first.get(endpoint, First()).answers
        places = known or range(len(self.asked))
        self._insist(self._round(self._target(endpoint, entity), named or entity, places), endpoint)

    def begin(self, rollout: Rollout) -> None:
        """Both versions several times, before anybody else asks the new one: it must answer, and be who it should be.

        It is excused from what the champion does not answer either, unless that answers nothing. What it answers the
        same way every time, it is to answer so for ever.

        Raises:
            Conflict: when it does not, or is not.
        """
        theirs, ours = (self._rounds(rollout.endpoint, entity) for entity in (rollout.old, rollout.new))
        answered = [place for place, (_, wrong) in theirs[0].items() if not wrong]
        excused = {*theirs[0]} - {*answered} if answered else set()
        for each in ours:
            self._insist({place: one for place, one in each.items() if place not in excused}, rollout.endpoint)
        sound = [place for place, (_, wrong) in ours[0].items() if place not in excused and not wrong]
        self.first[rollout.endpoint] = First(
            {place: ours[0][place][0] for place in sound},
            self._beside(theirs, answered),
            "" if repeats([[one[place][0] for place in sound] for one in ours], self.tolerance) else Likeness.FICKLE,
        )

    def reading(self, rollout: Rollout, turn: int) -> Reading:
        """Whether the candidate answers one of the requests as in the beginning.

        Only that it surely does not is a verdict, all else is told. What does not answer at all is counted elsewhere.
        """
        first = self.first.get(rollout.endpoint, First(why=NEVER_ASKED))
        if first.why or not first.answers:
            return _not_known(rollout, first.why or NEVER_ASKED)
        place = [*first.answers][turn % len(first.answers)]
        now = self._now(rollout, place, first)
        if not now:
            return _told(rollout, Health.INCONCLUSIVE, "it did not answer", UNANSWERED)
        beside, wrong = self._beside_now(rollout, place, first) if len(now) > 1 else (None, "")
        if wrong:
            return _not_known(rollout, wrong)
        found = likeness(first.answers[place], now, beside, self.tolerance)
        if found is Likeness.SAME:
            return _told(rollout, Health.PASS, "they are the same as before")
        if found is Likeness.ASTRAY:
            said = f"{rollout.new} answers {now[0]!s:.80} to what it answered {first.answers[place]!s:.80} to before"
            return Reading(rollout.endpoint, Health.FAIL, f"{said} it had any traffic")
        # From here on nothing can be held against it: it is not known what it would have to answer.
        self.first[rollout.endpoint] = First(first.answers, first.beside, found)
        return _not_known(rollout, found)

    def _now(self, rollout: Rollout, place: int, first: First) -> list[Any]:
        """Its answer; where that is another than before, some more to the same request; none where one is missing."""
        where, found = self._target(rollout.endpoint, rollout.new), list[Any]()
        while len(found) <= AGAIN:
            answer, wrong = self._ask(where, "", place)
            if wrong:
                return []
            found.append(answer)
            if len(found) == 1 and same(first.answers[place], answer, self.tolerance):
                break
            self.clock.sleep(PAUSE_S)
        return found

    def _beside_now(self, rollout: Rollout, place: int, first: First) -> tuple[tuple[Any, Any] | None, str]:
        """The champion's answers then and now, where it repeats itself; or what is wrong with the one now."""
        if place not in first.beside:
            return None, ""
        answer, wrong = self._ask(self._target(rollout.endpoint, rollout.old), rollout.old, place)
        return (first.beside[place], answer), wrong

    def _beside(self, rounds: "list[Round]", places: Sequence[int]) -> dict[int, Any]:
        """The champion's answers, where it repeats them itself."""
        if any(one[place][1] for one in rounds for place in places):
            return {}
        found = [[one[place][0] for place in places] for one in rounds]
        return dict(zip(places, found[0], strict=True)) if repeats(found, self.tolerance) else {}

    def _rounds(self, endpoint: str, entity: str) -> "list[Round]":
        """The fewer requests there are the more often, so that chance does not pass for a habit."""
        where, asked = self._target(endpoint, entity), range(len(self.asked))
        return [self._round(where, entity, asked) for _ in range(math.ceil(ROUNDS * ASKED / len(asked)))]

    def _round(self, where: Destination, named: str, places: Iterable[int]) -> "Round":
        return {place: self._ask(where, named, place) for place in places}

    def _ask(self, where: Destination, named: str, place: int) -> tuple[Any, str]:
        """The answer, or what is wrong with it."""
        payload = self.asked[place]
        asked = self.loader.ask(where, payload)
        if wrong := flaw(asked, payload.rows) or _somebody_else(asked, named):
            return None, f"{where.name} {wrong} (request {place + 1} of {len(self.asked)}, {self.rows.told})"
        return json.loads(asked.answer)["predictions"], ""

    def _target(self, endpoint: str, entity: str) -> Destination:
        return self.endpoints.target(endpoint, entity)

    @staticmethod
    def _insist(found: "Round", endpoint: str) -> None:
        if not found:
            raise Conflict(f"{endpoint} was asked nothing")
        if wrong := next((wrong for _, wrong in found.values() if wrong), ""):
            raise Conflict(wrong)


Round = dict[int, tuple[Any, str]]
"""By request its answer, or what was wrong with it."""


def _not_known(rollout: Rollout, why: str) -> Reading:
    return _told(rollout, Health.INCONCLUSIVE, f"whether they are right is not known: {why}")


def _told(rollout: Rollout, verdict: Health, said: str, facts: Mapping[str, Any] = NOTHING) -> Reading:
    return Reading(f"answers of {rollout.new} at {rollout.endpoint}", verdict, said, facts, decides=False)


def _somebody_else(asked: Asked, named: str) -> str:
    """Whether another entity has answered, as far as the server tells."""
    return f"was answered by {asked.answered_by}" if named and asked.answered_by not in ("", named) else ""
