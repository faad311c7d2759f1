"""Verification of the record: does every record hold the hash of the one before it?"""

from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.history import Misfit, misfit
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import HEAD_TAG, Head
from model_promotion.core.request import Request
from model_promotion.flows.recording import all_stored
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Re-compute the chain of one model, or of every one that has records, and compare it with the registry's head."""
    models = [request.model] if request.model else _models(world)
    verified = {model: _verify(model, world) for model in models}
    broken = {model: wrong for model, (_, wrong) in verified.items() if wrong}
    total = sum(count for count, _ in verified.values())
    if broken:
        model, wrong = next(iter(broken.items()))
        summary = f"record #{wrong.number} of {model} does not fit: {wrong.wrong} ({wrong.id})"
    else:
        summary = f"{total} records of {len(models)} models fit"
    return Outcome(
        mode=request.mode,
        code=ExitCode.REFUSED if broken else ExitCode.DONE,
        summary=summary,
        model=request.model,
        facts={"records": {model: count for model, (count, _) in verified.items()}, "misfits": broken},
        hints=("compare the record named above with your backups of it",) if broken else (),
    )


def _models(world: World) -> list[str]:
    return sorted({*world.journal.models(), *world.spare_journal.models()})


def _verify(model: str, world: World) -> tuple[int, Misfit | None]:
    chain = all_stored(model, world)
    try:
        head = Head.parse(world.registry.model(model).tags.get(HEAD_TAG))
    except ValueError as error:
        return len(chain), Misfit(len(chain), HEAD_TAG, str(error))
    wrong = misfit(chain, head)
    said = f"{model}: {wrong.wrong}" if wrong else f"{model}: {len(chain)} records fit"
    world.voice.tell(Event(Kind.FAILED if wrong else Kind.PASSED, "Record", said))
    return len(chain), wrong
