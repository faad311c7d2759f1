"""What a promotion is about to do: names resolved, checks and steps listed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.say import target, version
from model_promotion.core.stages import ARCHIVED, PRODUCTION, as_target, kept_for, stage_of
from model_promotion.core.steps import SetAlias

PRODUCTION_KEEPS = "a version has one stage only; it leaves that one when another version takes its place"


def leaves_production(seen: RegisteredModel, place: str, number: str | None) -> bool:
    """Whether the version that goes to this place would leave stage Production to nobody, or to whoever is left there.

    From Staging to Production is the way of stages; from Production a version goes when another one enters.
    """
    return stage_of(place) not in (None, PRODUCTION) and number == seen.at(as_target(PRODUCTION)) is not None


def displaced(moves: Iterable[SetAlias], leaver: str | None, versions: Iterable[Version]) -> tuple[str, ...]:
    """What these moves take from others than the version that is to leave, for a person.

    Whoever enters a stage archives all that are in it, and an alias that is moved along may stand anywhere.
    """
    return tuple(_displaced([move for move in moves if not kept_for(move.alias)], leaver, [*versions]))


def _displaced(moves: Iterable[SetAlias], leaver: str | None, versions: Iterable[Version]) -> Iterator[str]:
    for move in moves:
        stage = stage_of(move.alias)
        inside = {move.was, *(one.number for one in versions if stage and one.stage == stage)}
        others = sorted(number for number in inside - {leaver, move.to} if number)
        if others:
            named, lose = ", ".join(map(version, others)), "loses" if len(others) == 1 else "lose"
            yield f"{named} {lose} {target(move.alias)} as well, and a rollback does not give it back"


@dataclass(frozen=True)
class Plan:
    """The registry as it was seen, the two versions, and the moves that follow from them.

    `twin` is the stage that is kept in step with an alias, or the alias that is kept in step with a stage.
    """

    seen: RegisteredModel
    candidate: Version
    champion: Version | None
    target_alias: str
    backup_alias: str
    twin: str | None = None

    @property
    def was(self) -> str | None:
        """The number of the version that stands behind the target alias."""
        return self.champion.number if self.champion else None

    @property
    def where(self) -> str:
        """The target alias or stage, as sentences name it."""
        return target(self.target_alias)

    @property
    def first(self) -> bool:
        """Whether nothing stands behind the target alias yet."""
        return self.champion is None

    @property
    def in_place(self) -> bool:
        """Whether the candidate is already where it should go; its twin may be elsewhere."""
        return self.was == self.candidate.number and self.candidate.model == self.seen.name

    @property
    def nothing_to_do(self) -> bool:
        """Whether everything stands as it should."""
        return not self.moves

    @property
    def moves(self) -> tuple[SetAlias, ...]:
        """The backup first: from there on the old champion can always be found again."""
        twin = self._to_candidate(self.twin) if self.twin else None
        twins = (twin,) if twin and twin.was != twin.to else ()
        if self.in_place:
            return twins
        moves = (*twins, self._to_candidate(self.target_alias))
        if self.champion is None:
            return moves
        kept = self.seen.at(self.backup_alias)
        backup = SetAlias(self.seen.name, self.backup_alias, kept, self.champion.number)
        return moves if backup.was == backup.to else (backup, *moves)

    def _to_candidate(self, alias: str) -> SetAlias:
        staged = {"enters_from": self.candidate.stage, "leaves_to": ARCHIVED} if stage_of(alias) else {}
        return SetAlias(self.seen.name, alias, self.seen.at(alias), self.candidate.number, **staged)

    @property
    def steps(self) -> tuple[SetAlias, ...]:
        """The moves, and what must still stand with them: before them a backup that stands already, or the target."""
        if self.in_place:
            return (*self.moves, SetAlias(self.seen.name, self.target_alias, self.was, self.was))
        if self.champion is None or self.moves[0].alias == self.backup_alias:
            return self.moves
        return (SetAlias(self.seen.name, self.backup_alias, self.was, self.was), *self.moves)
