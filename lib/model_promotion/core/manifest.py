"""What a manifest says: promotions, each by the options of the command line, and which of them belong together."""

from collections.abc import Mapping
from dataclasses import dataclass
from reprlib import Repr
from typing import Any

from model_promotion.core.errors import BadCall
from model_promotion.core.fleet import DEFAULT_WORKERS
from model_promotion.core.near import meant

MOST_WORKERS = 64
KEYS = ("workers", "promotion", "group")
GROUP_KEYS = ("name", "together", "promotions")
EXAMPLE = 'for example [[promotion]] with model = "churn" and version = 7'


@dataclass(frozen=True)
class Item:
    """One promotion: where it stands in the file, the model, and the words that the command line would have.

    `off` are the options that are said not to be meant.
    """

    where: str
    model: str
    words: tuple[str, ...]
    off: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bundle:
    """Items; with `together` all of them hold or none does."""

    items: tuple[Item, ...]
    name: str = ""
    together: bool = False


@dataclass(frozen=True)
class Manifest:
    """The whole file."""

    bundles: tuple[Bundle, ...]
    workers: int = DEFAULT_WORKERS


def manifest(content: object) -> Manifest:
    """The manifest in a parsed TOML or YAML file.

    Raises:
        BadCall: with the place, the key, and what to type.
    """
    table = _table(content, "the file", KEYS)
    workers = table.get("workers", DEFAULT_WORKERS)
    if type(workers) is not int or not 1 <= workers <= MOST_WORKERS:
        raise BadCall(
            f"workers: {short(workers)} is no number from 1 to {MOST_WORKERS}", hint="for example workers = 8"
        )
    single = _items(table.get("promotion", []), "promotion")
    groups = [_group(one, f"group {at}") for at, one in enumerate(_list(table.get("group", []), "group"), start=1)]
    if not single and not groups:
        raise BadCall("there is no promotion in it", hint=EXAMPLE)
    return Manifest((Bundle(single), *groups) if single else tuple(groups), workers)


def _group(content: object, where: str) -> Bundle:
    table = _table(content, where, GROUP_KEYS)
    name, together = table.get("name"), table.get("together", False)
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise BadCall(f"{where}, name: {short(name)} is no name", hint='for example name = "pricing"')
    where = f"group {name}"
    if not isinstance(together, bool):
        raise BadCall(f"{where}, together: {short(together)} is neither true nor false", hint="together = true")
    items = _items(table.get("promotions", []), f"{where}, promotion")
    if not items:
        raise BadCall(f"{where} has no promotions", hint='for example promotions = [{ model = "churn", version = 7 }]')
    return Bundle(items, name, together)


def _items(content: object, where: str) -> tuple[Item, ...]:
    return tuple(_item(one, f"{where} {at}") for at, one in enumerate(_list(content, where), start=1))


def _item(content: object, where: str) -> Item:
    table = _table(content, where)
    model = table.get("model")
    if not isinstance(model, str):
        raise BadCall(
            f"{where}, model: {short(model)} is no model's name" if "model" in table else f"{where} has no model"
        )
    said = {key: value for key, value in table.items() if key != "model"}
    words = tuple(word for key, value in said.items() for word in _option(key, value, where))
    return Item(f"{where} ({model})", model, words, tuple(f"--{key}" for key, value in said.items() if value is False))


def _option(key: str, value: object, where: str) -> tuple[str, ...]:
    """The words of one option; whether there is such an option is for the command line's own parser to say."""
    match value:
        case bool():
            return (f"--{key}",) if value else ()
        case int() | str():
            return (f"--{key}={value}",)
        case list() if all(isinstance(one, str) for one in value):
            return tuple(f"--{key}={one}" for one in value)
    raise BadCall(f"{where}, {key}: {short(value)} is no text", hint=f"write it in quotes: {key} = ...")


def short(value: object) -> str:
    """A value as Python writes it, cut where a person stops reading: a file of a line can hold a very long one."""
    cut = Repr()
    cut.maxlevel, cut.maxlist, cut.maxdict, cut.maxstring, cut.maxother = 1, 3, 3, 80, 80
    return cut.repr(value)


def _table(content: object, where: str, known: tuple[str, ...] = ()) -> Mapping[str, Any]:
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise BadCall(f"{where} is no table of keys and values", hint=EXAMPLE)
    for key in content:
        if known and key not in known:
            like = meant(key, known) or f"the keys are {', '.join(known)}"
            raise BadCall(f"{where}, {key}: there is no such key", hint=like)
    return content


def _list(content: object, where: str) -> list[Any]:
    if not isinstance(content, list):
        raise BadCall(f"{where} is no list", hint=EXAMPLE)
    return content
