"""What a load run comes to: void, within the budget, over it, or not surely either; in words and in numbers."""

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from model_promotion.core.budget import Kept, worst
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.load import Ending, LoadPolicy, LoadRun
from model_promotion.core.rates import Tried, highest
from model_promotion.core.say import count
from model_promotion.evidence.latencies import QUANTILES, Loaded, late_ms, loaded

HEADER = ("endpoint", "requests", "p50 ms", "p95 ms", "p99 ms", "failed %", "budget")
LIMITS = {"p95_ms": ("p95", "ms"), "p99_ms": ("p99", "ms"), "max_error_pct": ("failures", "%")}
JUDGED = {
    Kept.YES: "{0} within {2:g} {1}",
    Kept.NO: "{0} over {2:g} {1}",
    Kept.UNSURE: "{0} not surely within {2:g} {1}",
    Kept.UNKNOWN: "too few requests to hold {0} against {2:g} {1}",
}
AGAIN = "try again when this machine has less to do, or load it for longer"
BUDGET = "the budget is under [load_test] in promotion.toml"
HINTS = {
    Kept.YES: "",
    Kept.NO: f"give the endpoint more room, or allow more: {BUDGET}",
    Kept.UNSURE: f"load it for longer, --load-test RATE,DURATION; {BUDGET}",
    Kept.UNKNOWN: "load it for longer: --load-test RATE,DURATION",
}
NONE_TRIED: Mapping[str, Sequence[Tried]] = MappingProxyType({})


def judged(
    run: LoadRun,
    policy: LoadPolicy,
    rates: Mapping[str, Sequence[Tried]] = NONE_TRIED,
    beside: Collection[str] = (),
) -> Finding:
    """The finding, of all targets: the worst decides, but for those that were loaded `beside` to compare with.

    `rates` are those that were tried beyond it, by target.
    """
    facts = {"test": str(run.load.test), "seed": run.load.seed, "warm_up_s": run.load.warm_up_s}
    facts |= {"budget": {name: getattr(policy, name) for name in LIMITS}}
    if why := void(run, policy):
        return Finding(Verdict.UNKNOWN, why, {**facts, "measured": {"late_p99_ms": late_ms(run)}}, hint=AGAIN)
    found = loaded(run)
    decided = worst([one.kept(policy) for one in found if one.name not in beside])
    told = [_told(one, rates.get(one.name, ()), policy) for one in found]
    return Finding(
        decided.verdict,
        "; ".join(_said(one, policy) + _highest(rates.get(one.name, ())) for one in found),
        {**facts, "measured": {"late_p99_ms": late_ms(run), "endpoints": told}},
        Table(HEADER, [_row(one, policy) for one in found]),
        HINTS[decided],
    )


def void(run: LoadRun, policy: LoadPolicy) -> str:
    """Why a run says nothing; empty when it does."""
    return nothing(run) or too_late(run, policy)


def nothing(run: LoadRun) -> str:
    """Why there is nothing to judge; empty when there is."""
    if not run.whole:
        return "the run was stopped"
    return f"{run.load.test} is so little that no request was due" if math.isnan(late_ms(run)) else ""


def too_late(run: LoadRun, policy: LoadPolicy) -> str:
    """Why nobody knows how long answers take; empty when they do."""
    late = late_ms(run)
    if late <= policy.max_late_ms:
        return ""
    said = f"1 request in 100 left {late:.0f} ms late or more, at most {policy.max_late_ms:g} ms is allowed"
    return f"void, the machine that sends could not keep up with {run.load.test.rate_per_s:g}/s: {said}"


def keeps(run: LoadRun, policy: LoadPolicy) -> bool | None:
    """Whether every target surely keeps the budget; None when the run is void."""
    return None if void(run, policy) else all(one.kept(policy) is Kept.YES for one in loaded(run))


def _said(one: Loaded, policy: LoadPolicy) -> str:
    if not one.quantiles:
        return f"{one.name} answered none of {count(one.sent, 'request')}: {_failures(one)}"
    parts = ", ".join(f"{name.removesuffix('_ms')} {one.quantiles[name].said()}" for name in QUANTILES)
    held = one.held_against(policy).items()
    against = ", ".join(JUDGED[how].format(*LIMITS[name], getattr(policy, name)) for name, how in held)
    return f"{one.name} at {one.sent_per_s:.1f}/s: {parts} ms of {one.sent:,}, {_failures(one)}; {against}"


def _failures(one: Loaded) -> str:
    failed = {ending: number for ending, number in one.endings.items() if ending is not Ending.ANSWERED}
    return ", ".join(f"{number:,} {ending.value}" for ending, number in failed.items()) or "none failed"


def _highest(tried: Sequence[Tried]) -> str:
    if not tried:
        return ""
    stopped = f", {tried[-1].rate_per_s:.4g}/s is too much for who sends" if tried[-1].kept is None else ""
    found = highest(tried)
    return f"; {'no rate' if found is None else f'up to {found:.4g}/s'} within the budget{stopped}"


def _row(one: Loaded, policy: LoadPolicy) -> tuple[str, ...]:
    quantiles = (one.quantiles[name].said() if one.quantiles else "-" for name in QUANTILES)
    failed = one.failed_pct.said(".2f") if one.failed_pct else "-"
    return (one.name, f"{one.sent:,}", *quantiles, failed, one.kept(policy).value)


def _told(one: Loaded, tried: Sequence[Tried], policy: LoadPolicy) -> Mapping[str, Any]:
    return {**vars(one), "kept": one.held_against(policy), "rates": list(tried), "highest_per_s": highest(tried)}
