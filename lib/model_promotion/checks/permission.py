"""May the caller move aliases and set tags?"""

from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict, Weight
from model_promotion.witness import Witness

TOPIC = "Permission"
WEIGHT = Weight.BARS


def ask(witness: Witness) -> Finding:
    """Would the registry let the caller move this model's aliases and set its tags?"""
    rights = witness.access.rights(witness.plan.seen.name)
    answers = (rights.may_move_aliases, rights.may_set_tags)
    facts = {"may_move_aliases": answers[0], "may_set_tags": answers[1], "because": rights.because}
    if False in answers:
        what = "move aliases" if rights.may_move_aliases is False else "set tags"
        return Finding(
            Verdict.FAILED,
            f"you may not {what} of {witness.plan.seen.name}: {rights.because}",
            facts,
            hint="ask its owner to promote it, or to give you ownership",
            refusal=ExitCode.DENIED,
        )
    if None in answers:
        return Finding(Verdict.UNKNOWN, f"whether you may move aliases is not known: {rights.because}", facts)
    return Finding(Verdict.PASSED, f"you may move aliases and set tags: {rights.because}", facts)
