"""What one piece of evidence is, a row or all rows of one unit, and in which words too few of it, or more, are told."""

import math
from dataclasses import dataclass

LEAST = 30
ONE_ROW = "there is one row only, and one tells nothing of others"


@dataclass(frozen=True)
class Units:
    """`of` is the column whose values rows are grouped by; empty where each row is one. `weighted`: rows count unlike.

    How many units there are is known by their buckets only, two of which may share one, so that number is about right.
    """

    of: str = ""
    weighted: bool = False

    @property
    def named(self) -> str:
        """What they are."""
        return f"values of {self.of}" if self.of else "rows"

    def few(self, there: int, worth: int) -> str:
        """Why nothing can be told from them.

        Args:
            there: how many there are.
            worth: how many of equal weight say as much.
        """
        if there == 1:
            return f"all rows have one value of {self.of}, and one unit tells nothing of others" if self.of else ONE_ROW
        if not self.of and (there < LEAST or not self.weighted):
            return too_few_rows(there if there < LEAST else worth)
        if there < LEAST:
            return f"about {there} {self.named} are fewer than {LEAST}"
        uneven = "their weights" if self.weighted else "the numbers of rows of each"
        even = f"{worth} even ones, fewer than {LEAST}" if worth > 1 else "one, and one tells nothing of others"
        return f"{uneven} are so uneven that the {self.named} say as much as {even}"

    def more(self, rows: int, now: int) -> str:
        """So many rows as it would take, where there are `now`, in the form that they have to be had in."""
        weighted = ", weighted as these are" if self.weighted else ""
        return f"about {rows:,} rows{self._times(rows / now) if self.of else ''}{weighted}"

    def hangs_on_few(self, rows: int, times: float) -> str:
        """Why so few of them are too few for a difference that so few carry: `times` as many it would take."""
        asked = (
            f"{_two_digits(times)} times as many" if self.of else f"about {two_digits_up(rows * times):,}, not {rows:,}"
        )
        return f"the change hangs on too few {self.named}: so uneven a difference asks for {asked}"

    def _times(self, times: float) -> str:
        return f" of {_two_digits(times)} times as many {self.named}"

    @property
    def hint(self) -> str:
        """What to name instead."""
        return f"name rows of more {self.named}" if self.of else "name more rows"


ROWS = Units()
"""Each row is one, and all count alike."""


def too_few_rows(rows: int) -> str:
    """Why nothing can be told from so few, each of which is a unit."""
    return ONE_ROW if rows == 1 else f"{rows} rows are fewer than {LEAST}"


def two_digits_up(number: float) -> int:
    """A whole number with two digits that count, never less than this one."""
    unit: int = 10 ** max(0, math.floor(math.log10(max(number, 1))) - 1)
    return math.ceil(number / unit - 1e-9) * unit


def _two_digits(times: float) -> str:
    """Rounded up, so that it is never told as 1 times as many."""
    shown = math.ceil(times * 10) / 10 if times < 10 else math.ceil(times)  # noqa: PLR2004 - two digits
    return f"{shown:,g}"
