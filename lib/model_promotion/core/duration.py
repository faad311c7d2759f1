"""Durations and points in time, as people type them."""

import re
from datetime import UTC, datetime

from model_promotion.core.errors import BadCall

UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d|)", re.ASCII)


def seconds(text: str) -> float:
    """A duration such as `90`, `90s`, `10m`, `2h` or `1d`, in seconds.

    Raises:
        BadCall: when it is none, or zero.
    """
    found = DURATION.fullmatch(text.strip())
    length_s = float(found[1]) * UNITS_S[found[2]] if found else 0.0
    if length_s <= 0:
        raise BadCall(f"duration {text!r} is none", hint="for example 90s, 10m or 2h")
    return length_s


def moment(text: str) -> float:
    """A point in time in ISO 8601, in seconds since the epoch; a bare date is its last second, no zone means UTC.

    Raises:
        BadCall: when it is none.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadCall(f"time {text!r} is none", hint="for example 2026-11-21 or 2026-11-21T10:00:00Z") from error
    if len(text.strip()) == len("2026-11-21"):
        found = found.replace(hour=23, minute=59, second=59)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
