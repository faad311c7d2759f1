"""Lists: what the registry holds, and where each version stands."""

from collections.abc import Sequence

from model_promotion.core.best import contenders
from model_promotion.core.entities import Listed
from model_promotion.core.errors import NotFound
from model_promotion.core.exits import ExitCode
from model_promotion.core.listing import data, is_pattern, lines, not_readable
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.core.say import count
from model_promotion.core.wanted import Wanted
from model_promotion.flows.resolve import find_model
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Every registered model, or those that a name or a pattern means."""
    listed = read(request, world)
    versions = sum(len(one.versions) for one in listed)
    unknown = not_readable(listed)
    counted = f"{count(len(listed), 'model')} with {count(versions, 'version')}"
    could_win = not all(one.in_place for one in contenders(listed, Wanted(), request.target_alias))
    return Outcome(
        mode=request.mode,
        code=ExitCode.WARNED if unknown else ExitCode.DONE,
        summary=f"{counted}{' that could be read' if unknown else ''} in {world.registry.address}",
        warnings=(unknown,) if unknown else (),
        model=request.model,
        listing=lines(listed, request.target_alias),
        hints=(f"promote the best of them: {request.command('--auto', '--dry-run')}",) if could_win else (),
        facts={"models": data(listed, request.target_alias)},
    )


def read(request: Request, world: World) -> Sequence[Listed]:
    """The models that are meant, by pages.

    Raises:
        NotFound: when there is none, with where it was looked and what to do.
    """
    with world.voice.during("reading the registry"):
        listed = world.registry.catalogue(request.model)
    if listed:
        return listed
    if request.model and not is_pattern(request.model):
        find_model(request, world.registry)  # It names those that are near.
    what = f"no registered model is like {request.model}" if request.model else "there is no registered model"
    raise NotFound(
        f"{what} in {world.registry.address}",
        hint="train and register one first; or is it another registry? --registry-uri URI (or MLFLOW_REGISTRY_URI, "
        "MLFLOW_TRACKING_URI, --profile)",
    )
