"""Do the endpoints that were named answer fast enough?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from model_promotion.checks._endpoints import destination, example, met
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.load import Load, LoadTest
from model_promotion.core.rates import Tried, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_promotion.core.load import Destination, LoadPolicy, LoadRun
    from model_promotion.witness import Witness

TOPIC = "Load test"
WEIGHT = Weight.BLOCKS
NAME = "load_test"


def ask(witness: Witness) -> Finding | None:
    """With --load-test: does it answer fast enough, and everybody, when requests come at this rate?"""
    asked, policy = witness.request, witness.policy.load_test
    if asked.rolls_out or (asked.load_test is None and NAME not in witness.policy.required):
        return None  # What is rolled out is loaded there, before it gets any traffic.
    if not asked.endpoints:
        return Finding(Verdict.UNKNOWN, "no endpoint was named", hint="add --endpoint NAME|URL")
    if silent := [one for one in asked.endpoints if met(witness, one).flaw]:
        said = f"nothing is measured, as the example is not answered by {', '.join(silent)}"
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
        """What the run says of each endpoint, and up to which rate it would say so."""
        from model_promotion.evidence.under_load import judged, void

        targets = [destination(self.witness, one) for one in self.witness.request.endpoints]
        run = self._run(targets, self.test)
        most = None if void(run, self.policy) else self.policy.search_to_per_s
        rates = {target.name: self._search(target, run, most) for target in targets} if most else {}
        return judged(run, self.policy, rates)

    def _run(self, targets: Sequence[Destination], test: LoadTest) -> LoadRun:
        policy = self.policy
        payloads = example(self.witness).payloads
        return self.witness.loader.run(
            Load(tuple(targets), payloads, test, policy.seed, policy.warm_up_s, policy.timeout_s)
        )

    def _search(self, target: Destination, run: LoadRun, most_per_s: float) -> tuple[Tried, ...]:
        """The rates that were tried on one endpoint alone, after it had its part in the first run."""
        from model_promotion.core.budget import Kept
        from model_promotion.evidence.latencies import fewest, loaded
        from model_promotion.evidence.under_load import keeps

        first = next(one for one in loaded(run) if one.name == target.name).kept(self.policy) is Kept.YES

        def kept(rate: float) -> bool | None:
            # A lower rate takes longer until there are enough requests to tell of one in a hundred.
            return keeps(self._run([target], self.test.at(rate, 2 * fewest(0.99))), self.policy)

        return search(Tried(self.test.rate_per_s, first), most_per_s, kept)
