"""How the tables of a policy file are read, and what is refused there, where the line of a number is still known."""

from typing import Any

STRICT: dict[str, Any] = {"extra": "forbid", "allow_inf_nan": False, "hide_input_in_errors": True}


def above_zero(**named: float | None) -> None:
    """Raises ValueError by the name of the first that is not greater than 0; None is not set."""
    if wrong := [name for name, value in named.items() if value is not None and not value > 0]:
        raise ValueError(f"{wrong[0]} must be greater than 0")


def not_negative(**named: float | None) -> None:
    """Raises ValueError by the name of the first that is not at least 0; None is not set."""
    if wrong := [name for name, value in named.items() if value is not None and not value >= 0]:
        raise ValueError(f"{wrong[0]} must be at least 0")
