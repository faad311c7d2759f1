"""What Unity Catalog refuses, as pure functions.

Tag rules: Databricks page "database-objects/tags" (text of 2026-06). Alias characters and reserved names: mlflow's own
rule (`utils/validation.py`), which its client does not apply to Unity Catalog; the real server's rule is not published.
"""

import re

from tests.workspace.wire import RefusedError

MAX_TAG_KEY, MAX_TAG_VALUE, MAX_TAGS, LEVELS = 255, 1000, 50, 3
_FORBIDDEN_IN_KEYS = set(".,-=/:")
_RESERVED_ALIAS = re.compile(r"latest|v\d+", re.IGNORECASE)
_ALIAS = re.compile(r"[\w\-]{1,255}")


def _invalid(message: str) -> RefusedError:
    return RefusedError("INVALID_PARAMETER_VALUE", message)


def three_levels(name: str) -> str:
    """The name itself, if it is catalog.schema.model."""
    parts = name.split(".")
    if len(parts) != LEVELS or not all(part.strip() and not set(part) & set(" /") for part in parts):
        raise _invalid(
            f"'{name}' is not a valid name for a registered model. Specify all three levels of the namespace."
        )
    return name


def tag(key: str, value: str, present: dict[str, str]) -> None:
    """Raises unless this tag may be put beside those already present."""
    if not key or key != key.strip() or len(key) > MAX_TAG_KEY or set(key) & _FORBIDDEN_IN_KEYS:
        raise _invalid(f"Tag key '{key[:60]}' is not allowed: no . , - = / : and no outer spaces, 1 to 255 characters")
    if len(value) > MAX_TAG_VALUE:
        raise _invalid(f"The value of tag '{key}' has {len(value)} characters; at most {MAX_TAG_VALUE} are allowed")
    if key not in present and len(present) >= MAX_TAGS:
        raise _invalid(f"At most {MAX_TAGS} tags may be assigned to one object")


def alias(name: str) -> None:
    """Raises unless this is a name an alias may have."""
    if not _ALIAS.fullmatch(name):
        raise _invalid(f"'{name}' is not a valid alias name")
    if _RESERVED_ALIAS.fullmatch(name):
        raise _invalid(f"'{name}' is a reserved alias name")
