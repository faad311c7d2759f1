"""A page with everything on it: what each plot draws was found by the real checks, on data that are made up."""

from dataclasses import replace
from functools import cache

import numpy as np

from model_promotion.checks.data_drift import finding
from model_promotion.core.entities import Identity
from model_promotion.core.event import Table
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByNumber
from model_promotion.evidence.drift import drift
from model_promotion.evidence.folding import Column
from model_promotion.evidence.under_load import judged as under_load
from model_promotion.reports.told import Circumstances, Told, of_outcome
from tests.checks.measured import judged, said, sliced
from tests.evidence.test_under_load import POLICY, a_run
from tests.flows.rollouts.test_canary import RUNGS, Behaviour, a_shop
from tests.worlds import MODEL, PERSON

HOSTILE = (
    "</svg></style><script>alert(1)</script>",
    '"><img src=http://evil.example/x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "<!-- ]]> --><base href=http://evil.example/>",
    "javascript:alert(1)",
    "&lt;b&gt; & 'quotes'",
)
AROUND = Circumstances(Identity(PERSON, vouched_by="test"), 1_790_000_000.0, "policy-digest")


@cache
def evaluated() -> Finding:
    """Both versions on 4,000 rows in two slices; the candidate is worse in one of them."""
    found = judged(sliced(said(0.9, 1), said(0.8, 2), same_in="a"))
    return replace(found, check="evaluation", topic="Evidence")


@cache
def drifted() -> Finding:
    """One column that drifted and one that did not."""
    made = np.random.default_rng(0)
    still, moved = made.multinomial(2000, [0.25] * 4), made.multinomial(2000, [0.1, 0.2, 0.3, 0.4])
    columns = {
        "city": Column(still, made.multinomial(2000, [0.25] * 4), None),
        "plan": Column(still, moved, None),
    }
    return replace(finding(drift(columns), (), {}), check="data_drift", topic="Data drift")


@cache
def loaded() -> Finding:
    """Two endpoints under load."""
    run = a_run(0.01, 0.02)
    spread = np.random.default_rng(0).lognormal(0, 0.5, len(run.samples))
    samples = tuple(one._replace(took_s=one.took_s * float(by)) for one, by in zip(run.samples, spread, strict=True))
    return replace(under_load(replace(run, samples=samples), POLICY), check="load_test", topic="Load test")


@cache
def canaried() -> Outcome:
    """A promotion that was taken back at 25 % of the traffic."""
    return a_shop(Behaviour(200, errors=0.5)).promote("2", canary=RUNGS)


@cache
def everything() -> Told:
    """All of it on one page, as of the canary that failed."""
    outcome = canaried()
    findings = (*outcome.findings, evaluated(), drifted(), loaded())
    request = Request(Mode.PROMOTE, MODEL, ByNumber("2"), reason="the new year's data")
    outcome = replace(outcome, findings=findings, warnings=("a warning",), undo="promote_model.py churn --rollback")
    return of_outcome(outcome, request, AROUND)


def hostile() -> Told:
    """The same with texts of strangers wherever texts of strangers come to stand."""
    told = everything()
    mean = " ".join(HOSTILE)
    metric = {**evaluated().facts["metrics"][0], "metric": mean, "verdict": mean}
    found = Finding(
        Verdict.FAILED, mean, {"metrics": [metric]}, Table((mean,), [(mean,)]), mean, check="evaluation", topic=mean
    )
    return replace(
        told,
        model=mean,
        summary=mean,
        about={"Model": mean, "Why": mean},
        findings=(*told.findings, found),
        planned=(mean,),
        warnings=(mean,),
        hints=(mean,),
        undo=mean,
    )
