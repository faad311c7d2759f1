"""Durations and points in time, as people type them."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from model_promotion.core.errors import BadCall

# An age has no minutes: 6m would be read as half a year, and meant six minutes.
AGES_S = {"s": 1.0, "h": 3600.0, "d": 86400.0}
UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_S = 366 * 86400.0
OLDEST_S = 100 * LONGEST_S
DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|)", re.ASCII)


def age(text: str) -> float:
    """How old something is: a duration such as `365d`, in seconds, up to a hundred years.

    Raises:
        BadCall: when it is none, zero, more than that, or has none of these units.
    """
    wrong = BadCall(
        f"age {text[:40]!r} is no number above 0 with d (days), h (hours) or s (seconds)",
        hint="for 6 months write 180d",
    )
    return _length(text, AGES_S, OLDEST_S, wrong)


def as_age(length_s: float) -> str:
    """The same as text that `age` reads, in the unit that says it shortest; to a millionth of a second."""
    said = {f"{length_s / unit_s:.6f}".rstrip("0").rstrip(".") + unit: unit_s for unit, unit_s in AGES_S.items()}
    exact = [text for text, unit_s in said.items() if math.isclose(float(text[:-1]) * unit_s, length_s)]
    return min(reversed(exact or [*said][:1]), key=len)


def seconds(text: str) -> float:
    """A duration such as `90`, `90s`, `10m`, `2h` or `1d`, in seconds.

    Raises:
        BadCall: when it is none, zero, or more than a year.
    """
    wrong = BadCall(
        f"duration {text[:40]!r} is no number above 0 with s, m, h or d, of a year at most",
        hint="for example 90s, 10m or 2h",
    )
    return _length(text, UNITS_S, LONGEST_S, wrong)


def _length(text: str, units_s: Mapping[str, float], most_s: float, wrong: BadCall) -> float:
    found = DURATION.fullmatch(text.strip())
    length_s = float(found[1]) * units_s.get(found[2], 0.0) if found else 0.0
    if not 0 < length_s <= most_s:
        raise wrong
    return length_s


def moment(text: str) -> float:
    """A point in time in ISO 8601, in seconds since the epoch; a bare date is its last second, no zone means UTC.

    Raises:
        BadCall: when it is none.
    """
    try:
        found = _parsed(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise BadCall(
            f"time {text!r} is no date or time in ISO 8601", hint="for example 2026-11-21 or 2026-11-21T10:00:00Z"
        ) from error


def _parsed(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(23, 59, 59))
    except ValueError:
        return datetime.fromisoformat(text)
