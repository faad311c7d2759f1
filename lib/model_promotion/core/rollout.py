"""How a version comes to an endpoint: beside the one that it replaces, then instead of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from itertools import pairwise

from model_promotion.core.deployment import MOST_ENTITIES, Deployment, ServedEntity, ServingStep, SetServed, SetTraffic

LONGEST_NAME = 63
WHOLE = 100


@dataclass(frozen=True)
class Rollout:
    """One endpoint: the entity `old` that serves version `was`, and `new` that is to serve version `to` instead.

    Both together get `share_pct` of the traffic; what other entities get is not touched. `before` is what `new` got
    before all this, None where it was not there. Every step follows from what stands now, so a rollout that was cut off
    can be gone on with, or undone, by whoever reads its endpoint.
    """

    endpoint: str
    old: str
    was: str
    new: str
    to: str
    share_pct: int
    before: int | None = None

    def forth(self, model: str, seen: Deployment, rung: int) -> tuple[ServingStep, ...]:
        """What is missing until the new one gets `rung` percent of what both get; at 0 it only has to be there.

        What it gets already when a rollout is taken up again is not taken from it: callers would go back and forth.
        """
        there = seen.entity(self.new)
        if there is None:
            return (self._added(model), *self._shifted(0, self.at(rung)))
        if rung == 0:
            return ()
        return self._shifted(there.share_pct, self.at(rung))

    def back(self, model: str, seen: Deployment) -> tuple[ServingStep, ...]:
        """What is missing until the endpoint is as it was: the traffic first, in one go."""
        there = seen.entity(self.new)
        if there is None:
            return ()
        old = SetServed(self.endpoint, self.old, model, None, self.was, like=self.new)
        missing = () if seen.entity(self.old) else (old,)  # It was taken away already.
        traffic = self._shifted(there.share_pct, self.before or 0)
        return (*missing, *traffic, *((self._added(model).undone(),) if self.before is None else ()))

    def turned(self, seen: Deployment) -> tuple[ServingStep, ...]:
        """The traffic alone back to what it was, where the old one is there to get it."""
        there = seen.entity(self.new)
        return self._shifted(there.share_pct, self.before or 0) if there and seen.entity(self.old) else ()

    def retired(self, model: str, seen: Deployment) -> tuple[ServingStep, ...]:
        """The old one taken away, unless it gets traffic (again)."""
        old = seen.entity(self.old)
        gone = SetServed(self.endpoint, self.old, model, self.was, None, like=self.new)
        return (gone,) if old and old.share_pct == 0 and old.number == self.was else ()

    def way(self, model: str, rungs: Iterable[int]) -> tuple[ServingStep, ...]:
        """Every step of it, from the beginning to the end."""
        shares = [self.before or 0, *(share for share in map(self.at, rungs) if share > (self.before or 0))]
        shifts = (SetTraffic(self.endpoint, self.old, self.new, *pair) for pair in pairwise((*shares, self.share_pct)))
        gone = SetServed(self.endpoint, self.old, model, self.was, None, like=self.new)
        added = (self._added(model),) if self.before is None else ()
        return (*added, *(one for one in shifts if one.was != one.to), gone)

    def _added(self, model: str) -> SetServed:
        """The new one beside the old one, without traffic."""
        return SetServed(self.endpoint, self.new, model, None, self.to, like=self.old)

    def _shifted(self, standing_pct: int, to_pct: int) -> tuple[SetTraffic, ...]:
        step = SetTraffic(self.endpoint, self.old, self.new, standing_pct, to_pct)
        return (step,) if step.was != step.to else ()

    def at(self, rung: int) -> int:
        """What the new one gets on this rung, in percent of all traffic: at least 1, where there is any to be had."""
        return min(self.share_pct, max(round(self.share_pct * rung / WHOLE), 1 if rung else 0))

    @property
    def makes_sense(self) -> bool:
        """Whether the fields are what they should be: a note is a tag that anybody can write."""
        *texts, share_pct, before = astuple(self)
        shares = type(share_pct) is int and 0 < share_pct <= WHOLE and type(before) in (int, type(None))
        return shares and all(isinstance(text, str) for text in texts)


def planned(seen: Deployment, model: str, was: str | None, to: str) -> "Rollout | None":
    """The rollout of version `to` over version `was`; None where that gets no traffic, so that nothing is to be done.

    Without `was` it is over the other version that gets the most.
    """
    others = [one for one in seen.entities if one.model == model and one.number != to and was in (None, one.number)]
    old, there = max(others, key=lambda one: one.share_pct, default=None), seen.serving(model, to)
    if old is None or old.share_pct == 0:
        return None
    new = there.name if there else _name(model, to, seen.entities)
    before = there.share_pct if there else None
    return Rollout(seen.endpoint, old.name, old.number, new, to, old.share_pct + (before or 0), before)


def obstacles(seen: Deployment, *, needs_room: bool = True) -> tuple[str, ...]:
    """Why the endpoint cannot be changed now, for a person; a version that is there already needs no room."""
    told: Mapping[str, bool] = {
        "it is being updated": bool(seen.updating),
        "its state is not known": seen.updating is None,
        "you may only look at it or ask it (CAN_MANAGE is needed)": seen.may_manage is False,
        f"it serves {MOST_ENTITIES} entities already, and can serve no more": needs_room
        and len(seen.entities) >= MOST_ENTITIES,
        "it is not ready": seen.ready is False,
    }
    down = (f"{one.name} is {one.state} ({one.message})" for one in seen.entities if one.state == "failed")
    return (*(why for why, stands in told.items() if stands), *down)


def _name(model: str, number: str, others: Iterable[ServedEntity]) -> str:
    """By the version, because an entity that is renamed is built again; other names on the endpoint are left alone."""
    taken = {one.name for one in others}
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", model.rpartition(".")[2])[: LONGEST_NAME - len(number) - 3]
    names = (f"{stem}-{number}", *(f"{stem}-{number}-{again}" for again in range(2, 10)))
    return next(name for name in names if name not in taken)
