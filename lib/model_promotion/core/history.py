"""What the records say about an alias: who stood behind it when, and where a rollback leads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from model_promotion.core import say
from model_promotion.core.record import GENESIS, Head, Line, Stored, body_of, digest
from model_promotion.core.stages import stage_of

MOVES = frozenset({"promote", "rollback", "outside"})


def moves_of(place: str, lines: Iterable[Line]) -> tuple[Line, ...]:
    """The moves of one alias or stage, oldest first, each as it looks from there.

    It may have been moved along with another one. Where it stood still, only its twin was brought in step.
    """
    found: list[Line] = []
    for line in sorted((line for line in lines if line.kind in MOVES), key=lambda line: line.number):
        seen = _seen_from(place, line, found[-1].to if found else None)
        found += [seen] if seen.was != seen.to else []
    return tuple(found)


def _seen_from(place: str, line: Line, stood: str | None) -> Line:
    """The record as one about this place, where `stood` stood before by the records.

    A version has one stage only: what a record of ours puts into another stage is gone from this one.
    """
    if line.alias == place:
        return line
    own = next((one for one in line.along if one.alias == place), None)
    if own:
        return replace(line, alias=place, was=own.was, to=own.to)
    entered = [one.to for one in line.moved if stage_of(place) and stage_of(one.alias) and line.kind != "outside"]
    return replace(line, alias=place, was=stood, to=None if stood in entered else stood)


def verified(alias: str, lines: Iterable[Line]) -> tuple[str, ...]:
    """The versions that stood behind the alias and were never gone back from; the one in place is the last.

    A promotion puts a version on top. A rollback takes off everything above the version it goes back to, and takes it
    from below too if it stood there before, so what was rolled back is never gone back to. Behind a move that was made
    outside this tool nothing is known to be verified.
    """
    stack: list[str] = []
    for line in moves_of(alias, lines):
        if line.to is None:
            # A first promotion was taken back, unless the version went on to another stage.
            stack = [number for number in stack if number != line.was] if line.kind == "rollback" else stack
            continue
        if line.kind == "outside":
            stack = []
        elif line.kind == "promote":
            stack += [number for number in (line.was,) if number and stack[-1:] != [number]]
        else:
            place = max((at for at, number in enumerate(stack) if number == line.to), default=len(stack) - 1)
            gone = {line.was, line.to, *stack[place + 1 :]}
            stack = [number for number in stack[: max(place, 0)] if number not in gone]
        stack += [line.to] if stack[-1:] != [line.to] else []
    return tuple(stack)


def moved_outside(alias: str, lines: Iterable[Line], stands: str | None) -> Line | None:
    """The last recorded move of an alias, if the alias is no longer where that put it."""
    last = moves_of(alias, lines)[-1:]
    return last[0] if last and last[0].to != stands else None


def kept_with(number: str, lines: Iterable[Line], name: str) -> Line | None:
    """The newest record of a version's promotion that has a file of that name beside it."""
    found = [line for line in lines if line.kind == "promote" and line.to == number and name in line.kept]
    return max(found, key=lambda line: line.number, default=None)


def moved_together(place: str, twin: str, lines: Sequence[Line]) -> bool:
    """Whether one record put both where they were put last, on the same version."""
    last, other = (moves_of(name, lines)[-1:] for name in (place, twin))
    return [(line.number, line.to) for line in last] == [(line.number, line.to) for line in other] != []


def left_at(line: Line) -> str:
    """Where a move left its alias or stage, for a person."""
    return f"record #{line.number} " + (f"put {say.version(line.to)} there" if line.to else "left nothing there")


def in_place(alias: str, lines: Iterable[Line], at: float) -> Line | None:
    """The record that put the version behind the alias which stood there at a time (seconds since the epoch)."""
    past = [line for line in moves_of(alias, lines) if line.at <= at]
    return past[-1] if past else None


@dataclass(frozen=True)
class Misfit:
    """The first record that does not fit the chain: its number as counted, where it lies, what is wrong."""

    number: int
    id: str
    wrong: str


def misfit(chain: Sequence[Stored], head: Head) -> Misfit | None:
    """The first record that was edited, removed or put elsewhere; None when the chain holds up to its head.

    Each record holds the SHA-256 of the one before it, and the head (kept outside the journal) that of the last.
    """
    expected = GENESIS
    for count, stored in enumerate(chain, start=1):
        body = body_of(stored.text)
        if body.get("number") != count:
            return Misfit(count, stored.id, f"record {count} is missing; number {body.get('number')} is in its place")
        if body.get("previous") != expected:
            edited = max(1, count - 1)
            return Misfit(edited, chain[edited - 1].id, f"record {count} does not hold the hash of what precedes it")
        expected = digest(stored.text)
    if len(chain) != head.number:
        first = min(len(chain), head.number) + 1
        return Misfit(
            first, head.id, f"the registry counts {say.count(head.number, 'record')}, the journal {len(chain)}"
        )
    if expected != head.sha256:
        return Misfit(head.number, head.id, f"record {head.number} does not have the hash that the registry holds")
    return None
