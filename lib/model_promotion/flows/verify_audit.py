"""Verification of the record: does every record hold the hash of the one before it?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from model_promotion.core.errors import NotFound
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.history import Misfit, misfit
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head, Stored, digest, line_of
from model_promotion.core.request import Request
from model_promotion.core.say import count
from model_promotion.flows.recording import all_stored
from model_promotion.flows.resolve import find_model
from model_promotion.together import together
from model_promotion.witness import beside
from model_promotion.world import World


@dataclass(frozen=True)
class Verified:
    """How many records one model has, the first that does not fit, and what could not be verified."""

    count: int
    wrong: Misfit | None = None
    warning: str = ""


def run(request: Request, world: World) -> Outcome:
    """Re-compute the chain of one model, or of every one that has records, and compare it with the registry's head."""
    models = [request.model] if request.model else _models(world)
    verified = {model: _verify(model, request, world) for model in models}
    broken = {model: found.wrong for model, found in verified.items() if found.wrong}
    total = sum(found.count for found in verified.values())
    warnings = tuple(found.warning for found in verified.values() if found.warning)
    if broken:
        model, wrong = next(iter(broken.items()))
        summary = f"record #{wrong.number} of {model} does not fit: {wrong.wrong} ({wrong.id})"
    else:
        summary = f"every record fits: {count(total, 'record')} of {count(len(models), 'model')}"
    return Outcome(
        mode=request.mode,
        code=ExitCode.REFUSED if broken else ExitCode.WARNED if warnings else ExitCode.DONE,
        summary=summary,
        model=request.model,
        facts={"records": {model: found.count for model, found in verified.items()}, "misfits": broken},
        warnings=warnings,
        hints=("compare the record named above with your backups of it",) if broken else (),
    )


def _models(world: World) -> list[str]:
    return sorted({*world.journal.models(), *world.spare_journal.models()})


def _verify(model: str, request: Request, world: World) -> Verified:
    chain, warning = all_stored(model, world), ""
    try:
        head = Head.parse(world.registry.model(model).tags.get(HEAD_TAG))
    except ValueError as error:
        return Verified(len(chain), Misfit(len(chain), HEAD_TAG, str(error)))
    except NotFound as error:
        if not chain:
            find_model(replace(request, model=model), world.registry)  # It names those that are near.
        head = Head(len(chain), chain[-1].id, digest(chain[-1].text))
        warning = f"whether records were cut off the end for {model} is not known: {error}"
    wrong = misfit(chain, head) or _misfit_beside(chain, world)
    said = f"{model}: {wrong.wrong}" if wrong else f"{model}: every record fits, {count(len(chain), 'record')}"
    world.voice.tell(Event(Kind.FAILED if wrong else Kind.PASSED, "Record", said))
    return Verified(len(chain), wrong, warning)


def _misfit_beside(chain: Sequence[Stored], world: World) -> Misfit | None:
    """The first record of which a file that is kept beside it is not the one that it names by its SHA-256."""
    journals = (world.spare_journal, world.journal)
    lines = [line for stored in chain if (line := line_of(stored))]
    named = [(line, name, sha256) for line in lines for name, sha256 in line.kept.items()]
    found = together([partial(beside, line, name, journals) for line, name, _ in named])
    for (line, name, sha256), content in zip(named, found, strict=True):
        if content is None or digest(content) != sha256:
            how = "is gone" if content is None else "was changed"
            return Misfit(line.number, line.lies_at, f"{name}, which is kept beside it, {how}")
    return None
