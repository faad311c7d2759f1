"""Did you mean ...? The names that are like one that is not there."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

MOST = 3


def near(name: str, known: Iterable[str], likeness: float = 0.6) -> list[str]:
    """The names most like it, the likest first; `likeness` is from 0 (whatever there is) to 1 (the same)."""
    return get_close_matches(name, sorted(set(known)), n=MOST, cutoff=likeness)


def has(name: str, known: Sequence[str]) -> str:
    """What there is instead, in a few words: the likest names, else the first ones, and how many there are."""
    shown = near(name, known) or known[:MOST]
    more = len(known) - len(shown)
    return f"it has {', '.join(shown)}{f' and {more} more' if more > 0 else ''}"


def meant(name: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The question whether one of these was meant; empty when none is like it."""
    found = near(name, known, likeness)
    return f"did you mean {', '.join(found)}?" if found else ""
