"""Pages for people: the file of --report-file, and the page that is kept with a record. None undoes anything."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from model_promotion.core.errors import PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from model_promotion.core.record import MOST_KEPT_BYTES, Record
from model_promotion.core.request import Request
from model_promotion.undisturbed import undisturbed
from model_promotion.world import World

if TYPE_CHECKING:
    from model_promotion.reports.told import Told


def with_page(record: Record, said: str, undo: str) -> tuple[Record, tuple[str, ...]]:
    """The record with its page beside it, where there is something to be said; or a warning that there is none."""
    if not said:
        return record, ()
    from model_promotion.reports.told import of_record

    try:
        page = _page(of_record(record, said, undo)).encode()
    except NotDrawn as error:
        return record, (f"no page is kept with the record: {error}",)
    if len(page) > MOST_KEPT_BYTES:
        return record, (f"no page is kept with the record: it would be {len(page):,} bytes long",)
    return record.with_page(page), ()


def paged(outcome: Outcome, request: Request, world: World) -> Outcome:
    """The outcome once its page is written, if one was asked for; what fails of that is a warning.

    An interrupt comes too late.
    """
    if request.report_file is None:
        return outcome
    warnings, interrupted = undisturbed(partial(_written, outcome, request, world, request.report_file))
    late = ("the interrupt came when all was done already; only the report was missing",) if interrupted else ()
    return outcome.warned(*warnings, *late)


def _written(outcome: Outcome, request: Request, world: World, path: Path) -> tuple[str, ...]:
    from model_promotion.flows.recording import whoever  # It keeps pages itself.
    from model_promotion.reports import metadata_file
    from model_promotion.reports.told import Circumstances, of_outcome

    around = Circumstances(whoever(world), world.clock.now(), world.policy.digest)
    try:
        metadata_file.write(_page(of_outcome(outcome, request, around)), path)
    except PromotionError as error:
        return (f"there is no new report: {error}",)
    world.voice.tell(Event(Kind.PASSED, "Report", f"in {path}"))
    return ()


def paged_failure(error: BaseException, request: Request, world: World) -> None:
    """A call that ended without an outcome says so on its page, lest an older one be taken for what this call did."""
    code, hint = getattr(error, "code", ExitCode.INTERRUPTED), getattr(error, "hint", "")
    failed = Outcome(request.mode, code, str(error) or "interrupted", request.model, hints=(hint,) if hint else ())
    for warning in paged(failed, request, world).warnings:
        world.voice.tell(Event(Kind.WARNED, "Report", warning))


class NotDrawn(PromotionError):
    """The page could not be made; what it tells of is done all the same."""


def _page(told: "Told") -> str:
    from model_promotion.reports.page import render  # Templates cost time and memory, and few calls write a page.

    try:
        return render(told)
    except Exception as error:
        # Facts may be a team's own. Whatever is wrong with them, a promotion that is done is recorded and told of.
        raise NotDrawn(f"it could not be drawn: {type(error).__name__}: {error}") from error
