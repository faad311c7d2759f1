"""What a promotion is about to do: names resolved, checks and steps listed."""

from dataclasses import dataclass

from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.steps import SetAlias, Step


@dataclass(frozen=True)
class Plan:
    """The registry as it was seen, the two versions, and the moves that follow from them."""

    seen: RegisteredModel
    candidate: Version
    champion: Version | None
    target_alias: str
    backup_alias: str

    @property
    def was(self) -> str | None:
        """The number of the version that stands behind the target alias."""
        return self.champion.number if self.champion else None

    @property
    def first(self) -> bool:
        """Whether nothing stands behind the target alias yet."""
        return self.champion is None

    @property
    def nothing_to_do(self) -> bool:
        """Whether the candidate is already where it should go."""
        return self.champion is not None and self.champion.number == self.candidate.number

    @property
    def moves(self) -> tuple[Step, ...]:
        """The backup first: from there on the old champion can always be found again."""
        if self.nothing_to_do:
            return ()
        name, number = self.seen.name, self.candidate.number
        if self.champion is None:
            return (SetAlias(name, self.target_alias, None, number),)
        backup = SetAlias(name, self.backup_alias, self.seen.aliases.get(self.backup_alias), self.champion.number)
        move = SetAlias(name, self.target_alias, self.champion.number, number)
        return (move,) if backup.was == backup.to else (backup, move)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The moves, and before them a backup that stands already: it must still stand when the target moves."""
        if self.champion is None or len(self.moves) != 1:
            return self.moves
        return (SetAlias(self.seen.name, self.backup_alias, self.was, self.was), *self.moves)
