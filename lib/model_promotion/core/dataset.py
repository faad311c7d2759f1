"""Which data a comparison looks at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dataset:
    """A file, a directory or a table, and what its columns mean; every other column may be a feature.

    `group` names the unit that rows belong to, such as a user or a patient: rows of one unit are no independent
    evidence. `id` names a row, and stands for the unit where there is no group. `weight` says how much a row counts.
    """

    uri: str
    target: str = ""
    id: str = ""
    group: str = ""
    weight: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        """The columns that are no features."""
        return tuple(dict.fromkeys(name for name in (self.target, self.id, self.group, self.weight) if name))
