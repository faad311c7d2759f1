"""Leaving the files that the rest of a pipeline reads: metadata, and test results. None undoes what it tells of."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from model_promotion.core.entities import RecordedMetrics, RegisteredModel, Run, Version
from model_promotion.core.errors import Denied, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.metadata import Metadata, model_type
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.core.stages import NONE, Features, stage_of
from model_promotion.reports import metadata_file
from model_promotion.together import both
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

T = TypeVar("T")
MODEL_TESTS = "model_tests"


def described(outcome: Outcome, request: Request, world: World) -> Outcome:
    """The outcome once its files are written; whatever of that fails is a warning. An interrupt comes too late."""
    outcome = _with_tests(outcome, request)
    if request.metadata_file is None or not request.mode.writes:
        return outcome
    warnings, interrupted = undisturbed(partial(_written, outcome, request, world, request.metadata_file))
    warnings += (
        ("the interrupt came when all was done already; only the metadata file was missing",) if interrupted else ()
    )
    return outcome.warned(*warnings)


def undescribed(why: str, request: Request, world: World) -> None:
    """A call that ended without a version says so in the file, lest an older one be taken for what this call left."""
    if request.metadata_file is None or not request.mode.writes:
        return
    nobody = Metadata("", request.model, None, {}, False, None, None, None, {}, why)  # noqa: FBT003 - its fields in order
    try:
        metadata_file.write(nobody.text, request.metadata_file)
    except PromotionError as error:
        world.voice.tell(Event(Kind.WARNED, "Metadata", f"there is no new metadata file: {error}"))


def _with_tests(outcome: Outcome, request: Request) -> Outcome:
    """The outcome once what the model tests found is written, in every mode that asks them."""
    finding = next((one for one in outcome.findings if one.check == MODEL_TESTS), None)
    if request.junit_xml is None or finding is None:
        return outcome
    from model_promotion.reports import junit  # XML costs memory, and few calls write any.

    try:
        metadata_file.write(junit.render(finding, outcome.model), request.junit_xml)
    except PromotionError as error:
        warning = f"there are no test results: {error}"
        return outcome.warned(warning)
    return outcome


def _written(outcome: Outcome, request: Request, world: World, path: Path) -> tuple[str, ...]:
    warnings: list[str] = []
    world.renew()  # What the promotion took is not taken from this.
    try:
        metadata_file.write(_read(outcome, request, world, warnings).text, path)
    except PromotionError as error:
        return (*warnings, f"there is no new metadata file: {error}")
    world.voice.tell(Event(Kind.PASSED, "Metadata", f"in {path}"))
    return tuple(warnings)


def _read(outcome: Outcome, request: Request, world: World, warnings: list[str]) -> Metadata:
    """What the registry says now, not what was meant: a file that names a promotion must be true."""
    registry = world.registry
    seen, version = both(
        partial(registry.model, outcome.model), partial(registry.version, outcome.model, str(outcome.to))
    )

    def unless_missing(read: Callable[[Version], T], otherwise: T) -> T:
        try:
            return read(version)
        except (NotFound, Denied):
            return otherwise  # A run may live in another workspace.
        except PromotionError as error:
            warnings.append(f"the metadata file is incomplete: {error}")
            return otherwise

    metrics, run = both(
        partial(unless_missing, registry.metrics, RecordedMetrics({}, "")),
        partial(unless_missing, registry.run, Run()),
    )
    kind = model_type(run, {}) or model_type(run, unless_missing(registry.metadata, {}))
    return Metadata(
        run_id=version.run_id,
        model_name=seen.name,
        version=version.number,
        metrics=metrics.values,
        promoted_to_production=seen.at(request.target_alias) == version.number,
        alias=_alias(request, seen, version, registry.features),
        stage=version.stage if version.stage not in ("", NONE) else None,
        model_type=kind,
        params=run.params,
        summary=outcome.summary,
    )


def _alias(request: Request, seen: RegisteredModel, version: Version, features: Features) -> str | None:
    """The alias that this call was about, or that is kept in step with that, if the version stands behind it."""
    places = [request.toward(place) for place in (request.target_alias, request.else_alias) if place]
    about = (name for place in places for name in (place.target_alias, place.twin(seen, features)))
    return next((name for name in about if name and not stage_of(name) and seen.at(name) == version.number), None)
