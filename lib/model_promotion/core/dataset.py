"""Which data a comparison looks at."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass


@dataclass(frozen=True)
class Dataset:
    """A file, a directory or a table, and what its columns mean; every other column may be a feature.

    `group` names the unit that rows belong to, such as a user or a patient: rows of one unit are no independent
    evidence. `id` names a row, and stands for the unit where there is no group. `weight` says how much a row counts.
    """

    uri: str = ""
    target: str = ""
    id: str = ""
    group: str = ""
    weight: str = ""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.uri)

    def filled(self, usual: "Dataset") -> "Dataset":
        """Where nothing was said, what is usual."""
        return Dataset(*(ours or theirs for ours, theirs in zip(astuple(self), astuple(usual), strict=True)))

    @property
    def columns(self) -> tuple[str, str, str, str]:
        """Target, id, group and weight, empty where there is none."""
        return self.target, self.id, self.group, self.weight

    @property
    def options(self) -> tuple[str, ...]:
        """As it was typed."""
        flags = ("--eval-data", "--target", "--id", "--group", "--weight")
        values = (self.uri, *self.columns)
        return tuple(word for flag, value in zip(flags, values, strict=True) if value for word in (flag, value))

    @classmethod
    def of(cls, words: Mapping[str, str]) -> "Dataset":
        """What was written down as a mapping."""
        return cls(**{name: str(words.get(name, "")) for name in ("uri", "target", "id", "group", "weight")})

    @property
    def roles(self) -> tuple[str, ...]:
        """The columns that are no features."""
        return tuple(dict.fromkeys(name for name in (self.target, self.id, self.group, self.weight) if name))
