"""How the tables of a policy file are read."""

from typing import Any

STRICT: dict[str, Any] = {"extra": "forbid", "allow_inf_nan": False}
