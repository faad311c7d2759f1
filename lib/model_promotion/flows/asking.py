"""All checks are asked at the same time, and answer in their order."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from model_promotion.core.decision import Demands, Effect, effect
from model_promotion.core.errors import BadCall, NotLoggedIn, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.request import Request
from model_promotion.ports import Check
from model_promotion.witness import Witness
from model_promotion.world import World

STOP_WITHIN_S = 3.0
# A file or a column that was named and is not there is no question that could not be answered, and neither is a login.
NO_QUESTION = (BadCall, NotLoggedIn)


def ask_all(witness: Witness, world: World) -> tuple[Finding, ...]:
    """Every check's answer; one that could not look says so.

    Raises:
        BadCall: when the call, or a file that came with it, names what is not there.
        NotLoggedIn: when data that were named ask for a login.
    """
    pool = ThreadPoolExecutor(len(world.checks) + 1, thread_name_prefix="check")
    answers = [pool.submit(_ask, check, witness) for check in world.checks]
    try:
        return tuple(_told(answers, world, demands(witness.request, world)))
    except (KeyboardInterrupt, *NO_QUESTION) as error:
        # Nothing was written yet, so nothing is waited for but the end of the process that runs a model, and of load.
        if isinstance(error, KeyboardInterrupt) or not witness.request.in_fleet:  # Others of a fleet go on.
            world.loader.stop()
            world.scorer.stop()
            wait(answers, timeout=STOP_WITHIN_S)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _told(answers: Iterable[Future[Finding | None]], world: World, demanded: Demands) -> Iterator[Finding]:
    for answer in answers:
        with world.voice.during("asking the checks"):
            finding = answer.result()
        if finding:
            world.voice.tell(_event(finding, demanded))
            yield finding


def _event(finding: Finding, demanded: Demands) -> Event:
    """The line of a finding; one that only warns is not drawn as a failure."""
    only_warns = finding.verdict is Verdict.FAILED and effect(finding, demanded) is Effect.WARNS
    return replace(finding.event, kind=Kind.WARNED) if only_warns else finding.event


def demands(request: Request, world: World) -> Demands:
    """What the flags and the policy require of the checks; of a group, none goes elsewhere while the others go on."""
    # Metrics measured here, on the same rows, stand for those that were recorded somewhere.
    compared = "evaluation" if request.eval_data.filled(world.policy.evidence.dataset) else "recorded_metrics"
    flagged = {
        compared: request.compare_metrics,
        "model_tests": request.run_tests,
        "thresholds": request.compare_metrics,  # What nobody knows is a metric that is missing.
        "better_than_champion": request.in_group and bool(request.if_better),
    }
    required = world.policy.required | {name for name, asked in flagged.items() if asked}
    return Demands(required, request.force)


def _ask(check: Check, witness: Witness) -> Finding | None:
    try:
        finding = check.ask(witness)
    except NO_QUESTION:
        raise
    except PromotionError as error:
        finding = Finding(Verdict.UNKNOWN, str(error), hint=error.hint)
    return finding and replace(finding, check=check.name, topic=check.topic, weight=check.weight)
