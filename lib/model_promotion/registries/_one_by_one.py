"""Reading models by their names, several at the same time; one that may not be read stops no other."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from model_promotion.core.entities import Listed, RegisteredModel
from model_promotion.core.errors import Denied, NotFound
from model_promotion.ports import RegistryReader
from model_promotion.registries._entities import listed_of
from model_promotion.together import together

T = TypeVar("T")
Failure = Denied | NotFound


def the_one(reader: RegistryReader, name: str) -> list[Listed]:
    """The model that was asked for by its name: what may not be read is an error. Nothing when there is none."""
    try:
        model = reader.model(name)
    except NotFound:
        return []
    found = reader.versions(name)
    return listed_of([model], together([partial(reader.version, name, one.number) for one in found]))


def all_of(reader: RegistryReader, names: Sequence[str]) -> list[Listed]:
    """The models that a search has found.

    Where a model or one of its versions may not be read, or was deleted since, nothing is told of that model but why:
    some of its versions would look like all of them.
    """
    why: dict[str, str] = {}
    models = _readable([(name, partial(reader.model, name)) for name in names], why)
    lists = _readable([(one.name, partial(reader.versions, one.name)) for one in models], why)
    found = [one for versions in lists for one in versions]
    versions = _readable([(one.model, partial(reader.version, one.model, one.number)) for one in found], why)
    known = [one for one in listed_of(models, versions) if one.model.name not in why]
    unknown = [Listed(RegisteredModel(name), not_readable=said) for name, said in why.items()]
    return sorted([*known, *unknown], key=lambda one: one.model.name)


def _readable(reads: Sequence[tuple[str, Callable[[], T]]], why: dict[str, str]) -> list[T]:
    """The answers; for a model that does not give one, it is noted why."""
    answers = together([partial(_tried, read) for _, read in reads])
    for (name, _), answer in zip(reads, answers, strict=True):
        if isinstance(answer, Failure):
            why[name] = str(answer)
    return [answer for answer in answers if not isinstance(answer, Failure)]


def _tried(read: Callable[[], T]) -> T | Failure:
    try:
        return read()
    except (Denied, NotFound) as error:
        return error
