"""Which options go with which mode: what a mode would pass over is a wrong call, not silence."""

from collections.abc import Iterator, Sequence

from model_promotion.core.request import Mode, Request
from model_promotion.core.stages import stage_of

BARE = frozenset({"--compare-metrics", "--run-tests", "--force", "--update-endpoints", "--sync-stages"})
PLACE = ("--to", "--to-stage", "--sync-stages")
# Where a team's script gives them to every call, going back must not fail for it: they are told, and passed over.
SPARE = (
    *("--force", "--compare-metrics", "--run-tests", "--tests", "--env-manager", "--approver"),
    *("--eval-data", "--target", "--id", "--group", "--weight", "--reference-data", "--current-data", "--engine"),
    *("--endpoint", "--load-test"),
)
# What each mode takes of the options that say how to promote. The lists that are printed name both ends of a target.
HEED = {
    Mode.ROLLBACK: (*PLACE, "--reason", "--report-file", *SPARE),  # Going back is a decision too, with its page.
    Mode.RELEASE: (*PLACE, "--reason"),
    Mode.RECOVER: (*PLACE, "--reason", "--force"),
    Mode.HISTORY: PLACE,
    Mode.LIST: PLACE,
    Mode.CLEANUP: ("--reason",),
    **dict.fromkeys((Mode.VERIFY_AUDIT, Mode.DEMO), ()),
    **dict.fromkeys((Mode.APPROVE, Mode.REJECT), ("--to", "--to-stage", "--reason", "--approver")),
    Mode.WATCH: ("--watch", *PLACE, "--endpoint", "--current-data", "--engine"),
}


def unheeded(request: Request, target: str | None) -> tuple[str, ...]:
    """Options that say how to promote, in a mode that does not and would pass over them; `target` where it was named.

    A plan has its own of them, but what chooses the target and what is left behind is for promotions only.
    """
    if request.mode.promotes:
        return ()
    chosen = ("--if-better",) if request.if_better else ()
    if request.mode not in HEED:
        return chosen
    flags = _flags((*request.report, *how(request, target)))
    return tuple(dict.fromkeys((*chosen, *(flag for flag in flags if flag not in HEED[request.mode]))))


def spare(request: Request) -> tuple[str, ...]:
    """Options that a rollback was given and does not look at."""
    return tuple(flag for flag in _flags(request.gates) if flag in SPARE) if request.mode is Mode.ROLLBACK else ()


def how(request: Request, target: str | None) -> tuple[str, ...]:
    """The options that say how to promote, and where to."""
    stage = stage_of(target) if target else None
    named = ("--to", str(target)) if stage is None else ("--to-stage", stage)
    sync = ("--sync-stages",) if request.sync_stages else ()
    return (*request.gates, *sync, *(named if target is not None else ()))


def _flags(words: Sequence[str]) -> Iterator[str]:
    """The options without their values, which may begin with dashes too."""
    left = iter(words)
    for flag in left:
        yield flag
        if flag not in BARE:
            next(left)
