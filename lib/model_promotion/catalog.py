"""What lies on each shelf: a member's file name is its name. Nothing is imported to list them."""

import importlib
from pathlib import Path
from types import ModuleType

from model_promotion.core.errors import BadCall
from model_promotion.core.near import meant

ROOF = Path(__file__).parent
PACKAGE = __package__ or "model_promotion"


def names(shelf: str) -> tuple[str, ...]:
    """The members of a family, in alphabetical order."""
    return tuple(sorted(path.stem for path in (ROOF / shelf).glob("[!_]*.py")))


def load(shelf: str, name: str) -> ModuleType:
    """The member of that name, imported; `package.module` names one outside this package.

    Raises:
        BadCall: when there is no such member, with the nearest names.
    """
    if name in names(shelf):
        return importlib.import_module(f"{PACKAGE}.{shelf}.{name}")
    if "." in name:
        try:
            return importlib.import_module(name)
        except (ImportError, SyntaxError, TypeError, ValueError) as error:
            raise BadCall(f"{name} cannot be imported: {error}") from error
    raise unknown(shelf, name)


def unknown(shelf: str, name: str) -> BadCall:
    """The error for a name that no member has."""
    like = meant(name, names(shelf), likeness=0.3) or f"there is {', '.join(names(shelf))}"
    return BadCall(f"there is no '{name}' among the {shelf}", hint=like)
