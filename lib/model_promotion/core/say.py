"""Words for values."""

from datetime import UTC, datetime

from model_promotion.core.stages import stage_of


def when(at: float) -> str:
    """A time (seconds since the epoch) as a person and a machine can read it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def count(number: float, one: str, many: str = "") -> str:
    """A number with its noun: `1 model`, `2 models`; `many` is for a noun that takes no s."""
    return f"{number:.10g} {one if number == 1 else many or f'{one}s'}"


def target(name: str) -> str:
    """Where a version stands, as sentences name it: `@champion`, or `stage Production`."""
    stage = stage_of(name)
    return f"@{name}" if stage is None else f"stage {stage}"


def version(number: str | None) -> str:
    """A version number as sentences name it."""
    return f"v{number}" if number else "nothing"
