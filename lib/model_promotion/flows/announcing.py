"""What is announced before anything moves: the moves, by whom, until when, and the number of the record to come."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from model_promotion.core.entities import RegisteredModel
from model_promotion.core.intent import Intent, Move, Work
from model_promotion.core.plan import Plan
from model_promotion.core.record import HEAD_TAG, Head, Noticed
from model_promotion.core.steps import SetTag, Step
from model_promotion.world import World


def announced(kind: Work, moves: tuple[Move, ...], seen: RegisteredModel, world: World) -> Intent:
    """The announcement of these moves by this process, under a new id. A promotion moves its target last."""
    target = moves[-1 if kind == "promote" else 0].alias if moves else ""
    now, new = round(world.clock.now(), 3), uuid.uuid4().hex[:12]
    until, record = round(now + world.lease_s, 3), next_number(seen)
    return Intent(new, new, kind, target, moves, now, owner=world.owner.name, until=until, record=record)


def head_of(seen: RegisteredModel) -> Head:
    """The newest record, as the registry tells; number -1 when its tag makes no sense."""
    try:
        return Head.parse(seen.tags.get(HEAD_TAG))
    except ValueError:
        return Head(-1)


def next_number(seen: RegisteredModel) -> int:
    """The number of the record that comes next; 0 when the head of the records cannot be read."""
    return head_of(seen).number + 1


def recorded_since(seen: RegisteredModel, intent: Intent) -> bool:
    """Whether something else was recorded since the work began, or since it was recorded itself."""
    head = head_of(seen)
    return head.record != intent.work and 0 < intent.record <= head.number


def with_record_before(intent: Intent, beside: Sequence[object]) -> Intent:
    """The announcement of work whose record follows one beside it: of a move from outside, or of a rollout's end."""
    return replace(intent, record=intent.record + 1, noticed=True) if beside else intent


def intent_of(plan: Plan, world: World, noticed: Noticed = ()) -> Intent:
    """The announcement of this plan's moves, under a new id; a move from outside is recorded before them."""
    moves = tuple(map(Move.of, plan.steps))
    return with_record_before(announced("promote", moves, plan.seen, world), noticed)


def writes(plan: Plan, world: World) -> tuple[Step, ...]:
    """Every write to the registry, in order; the run that holds the record comes before the head of the records."""
    opening = replace(intent_of(plan, world), id="<id>").opening(plan.seen.name)
    head = SetTag(plan.seen.name, HEAD_TAG, plan.seen.tags.get(HEAD_TAG), "the hash of the record")
    return (opening, *plan.moves, head, opening.undone())
