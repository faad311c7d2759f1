"""Words for values."""

from datetime import UTC, datetime


def when(at: float) -> str:
    """A time (seconds since the epoch) as a person and a machine can read it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def version(number: str | None) -> str:
    """A version number as sentences name it."""
    return f"v{number}" if number else "nothing"
