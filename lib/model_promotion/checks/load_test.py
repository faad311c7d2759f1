"""Do the endpoints that were named answer fast enough?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_promotion.checks._endpoints import destination, example, met
from model_promotion.core.budget import Kept, worst
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.load import Ending, Load, LoadTest
from model_promotion.core.payloads import one_by_one
from model_promotion.core.rates import Tried, highest, search
from model_promotion.core.say import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_promotion.core.load import Destination, LoadPolicy, LoadRun
    from model_promotion.evidence.latencies import Loaded
    from model_promotion.witness import Witness

TOPIC = "Load test"
WEIGHT = Weight.BLOCKS
NAME = "load_test"
HEADER = ("endpoint", "requests", "p50 ms", "p95 ms", "p99 ms", "failed %", "budget")
AGAIN = "try again when this machine has less to do, or load it for longer"
BUDGET = "the budget is under [load_test] in promotion.toml"
LIMITS = {"p95_ms": ("p95", "ms"), "p99_ms": ("p99", "ms"), "max_error_pct": ("failures", "%")}
JUDGED = {
    Kept.YES: "{0} within {2:g} {1}",
    Kept.NO: "{0} over {2:g} {1}",
    Kept.UNSURE: "{0} not surely within {2:g} {1}",
    Kept.UNKNOWN: "too few requests to hold {0} against {2:g} {1}",
}
HINTS = {
    Kept.NO: f"give the endpoint more room, or allow more: {BUDGET}",
    Kept.UNSURE: f"load it for longer, --load-test RATE,DURATION; {BUDGET}",
    Kept.UNKNOWN: "load it for longer: --load-test RATE,DURATION",
}


def ask(witness: Witness) -> Finding | None:
    """With --load-test: does it answer fast enough, and everybody, when requests come at this rate?"""
    asked, policy = witness.request, witness.policy.load_test
    if asked.load_test is None and NAME not in witness.policy.required:
        return None
    if not asked.endpoints:
        return Finding(Verdict.UNKNOWN, "no endpoint was named", hint="add --endpoint NAME|URL")
    if silent := [one for one in asked.endpoints if met(witness, one).flaw]:
        said = f"{', '.join(silent)} does not answer the example, so there is nothing to measure"
        return Finding(Verdict.UNKNOWN, said, hint="see what the smoke test says of it")
    with witness.models_at_work:  # Models at work beside it would slow down who sends, and perhaps who answers.
        return _Bench(witness, policy, asked.load_test or policy.test).finding()


@dataclass(frozen=True)
class _Bench:
    """Where endpoints are loaded: all of them in one run, so that what else goes on falls on each of them."""

    witness: Witness
    policy: LoadPolicy
    test: LoadTest

    def finding(self) -> Finding:
        """What the run says of each endpoint, the worst of them deciding."""
        from model_promotion.evidence.latencies import loaded

        targets = [destination(self.witness, one) for one in self.witness.request.endpoints]
        run = self._run(targets, self.test)
        facts = {"test": str(self.test), "seed": self.policy.seed, "warm_up_s": self.policy.warm_up_s}
        facts |= {"budget": {name: getattr(self.policy, name) for name in ("p95_ms", "p99_ms", "max_error_pct")}}
        if void := self._void(run):
            return Finding(Verdict.UNKNOWN, void, {**facts, "measured": {"late_p99_ms": _late(run)}}, hint=AGAIN)
        found = loaded(run)
        rates = {one.name: self._search(target, one) for one, target in zip(found, targets, strict=True)}
        decided = worst([one.kept(self.policy) for one in found])
        measured = {"late_p99_ms": _late(run), "endpoints": [_told(one, rates[one.name], self.policy) for one in found]}
        return Finding(
            decided.verdict,
            "; ".join(_said(one, self.policy) + _highest(rates[one.name]) for one in found),
            {**facts, "measured": measured},
            Table(HEADER, [_row(one, self.policy) for one in found]),
            HINTS.get(decided, ""),
        )

    def _run(self, targets: Sequence[Destination], test: LoadTest) -> LoadRun:
        policy = self.policy
        payloads = one_by_one(example(self.witness))
        return self.witness.loader.run(
            Load(tuple(targets), payloads, test, policy.seed, policy.warm_up_s, policy.timeout_s)
        )

    def _void(self, run: LoadRun) -> str:
        """Why a run says nothing; empty when it does."""
        late_ms = _late(run)
        if not run.whole:
            return "the run was stopped"
        if late_ms <= self.policy.max_late_ms:
            return ""
        if not late_ms >= 0:
            return f"{run.load.test} is so little that no request was due"
        said = f"1 request in 100 left {late_ms:.0f} ms late or more, at most {self.policy.max_late_ms:g} ms is allowed"
        return f"void, the machine that sends could not keep up with {run.load.test.rate_per_s:g}/s: {said}"

    def _search(self, target: Destination, first: Loaded) -> tuple[Tried, ...]:
        """The rates that were tried on one endpoint alone, in search of the highest within the budget."""
        most = self.policy.search_to_per_s
        if most is None:
            return ()
        kept = first.kept(self.policy) is Kept.YES
        return search(Tried(self.test.rate_per_s, kept), most, lambda rate: self._keeps(target, rate))

    def _keeps(self, target: Destination, rate: float) -> bool | None:
        from model_promotion.evidence.latencies import fewest, loaded

        # A lower rate takes longer until there are enough requests to tell of one in a hundred.
        run = self._run([target], self.test.at(rate, 2 * fewest(0.99)))
        return None if self._void(run) else loaded(run)[0].kept(self.policy) is Kept.YES


def _late(run: LoadRun) -> float:
    from model_promotion.evidence.latencies import late_ms

    return late_ms(run)


def _said(one: Loaded, policy: LoadPolicy) -> str:
    held = one.held_against(policy)
    if not one.quantiles:
        return f"{one.name} answered none of {count(one.sent, 'request')}: {_failures(one)}"
    parts = [f"{name.removesuffix('_ms')} {one.quantiles[name].said()}" for name in ("p50_ms", "p95_ms", "p99_ms")]
    judged = ", ".join(JUDGED[how].format(*LIMITS[name], getattr(policy, name)) for name, how in held.items())
    return f"{one.name} at {one.sent_per_s:.1f}/s: {', '.join(parts)} ms of {one.sent:,}, {_failures(one)}; {judged}"


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
    quantiles = (one.quantiles[name].said() if one.quantiles else "-" for name in ("p50_ms", "p95_ms", "p99_ms"))
    failed = one.failed_pct.said(".2f") if one.failed_pct else "-"
    return (one.name, f"{one.sent:,}", *quantiles, failed, one.kept(policy).value)


def _told(one: Loaded, tried: Sequence[Tried], policy: LoadPolicy) -> Mapping[str, Any]:
    return {**vars(one), "kept": one.held_against(policy), "rates": list(tried), "highest_per_s": highest(tried)}
