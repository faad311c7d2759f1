"""Is the target alias where the record says it is?"""

from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.core.history import left_at, moved_outside, moves_of
from model_promotion.core.intent import notes
from model_promotion.core.say import version
from model_promotion.witness import Witness

TOPIC = "Outside moves"
WEIGHT = Weight.ADVISES


def ask(witness: Witness) -> Finding | None:
    """Did somebody move the target alias past this tool? Who it was cannot be known from a registry."""
    plan = witness.plan
    if notes(plan.seen.tags):
        return None  # Work that was cut off stands there unrecorded; another check tells of it.
    lines = witness.journal.lines(plan.seen.name)
    last = moved_outside(plan.target_alias, lines, plan.was)
    if last:
        said = f"{plan.where} is {version(plan.was)}, but {left_at(last)}"
        facts = {"recorded": last.to, "record": last.number}
        return Finding(Verdict.WARNED, f"{said}: it was moved outside this tool, which is noticed now", facts)
    if not moves_of(plan.target_alias, lines):
        return None
    return Finding(Verdict.PASSED, f"{plan.where} is {version(plan.was)}, as the record says")
