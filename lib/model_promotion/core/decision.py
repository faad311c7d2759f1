"""The whole judgement of the tool: findings and demands in, one decision out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict, Weight


@dataclass(frozen=True)
class Demands:
    """What the caller and the policy ask of the checks: the names that must pass, and whether to go past the rest."""

    required: frozenset[str] = frozenset()
    force: bool = False


class Effect(StrEnum):
    """What one finding does to the promotion."""

    NONE = "none"
    DIVERTS = "diverts"
    WARNS = "warns"
    REFUSES = "refuses"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Decision:
    """Go or not, with which exit code, and the names of the checks that made it so.

    `diverted` names those that send the candidate elsewhere, see --if-better.
    """

    go: bool
    code: ExitCode
    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    diverted: tuple[str, ...] = ()


def effect(finding: Finding, demands: Demands) -> Effect:
    """What this finding does, by the table in the contract's section 6."""
    if finding.verdict is Verdict.PASSED:
        return Effect.NONE
    if finding.verdict is Verdict.FAILED and finding.weight is Weight.BARS:
        return Effect.REFUSES
    blocking = finding.verdict is Verdict.FAILED and finding.weight is Weight.BLOCKS
    if not blocking and finding.check not in demands.required:
        return Effect.DIVERTS if finding.weight is Weight.DIVERTS else Effect.WARNS
    forced = demands.force and finding.weight is not Weight.BARS
    return Effect.SKIPPED if forced else Effect.REFUSES


def decide(findings: Iterable[Finding], demands: Demands) -> Decision:
    """Go unless something refuses; being denied outranks being refused in the exit code."""
    effects = [(effect(finding, demands), finding) for finding in findings]

    def named(wanted: Effect) -> tuple[str, ...]:
        return tuple(finding.check for done, finding in effects if done is wanted)

    refusals = [finding.refusal for done, finding in effects if done is Effect.REFUSES]
    warned, skipped = tuple(finding.check for done, finding in effects if _warns(done, finding)), named(Effect.SKIPPED)
    if refusals:
        code = ExitCode.DENIED if ExitCode.DENIED in refusals else ExitCode.REFUSED
    else:
        code = ExitCode.WARNED if warned or skipped or demands.force else ExitCode.DONE
    return Decision(not refusals, code, named(Effect.REFUSES), warned, skipped, named(Effect.DIVERTS))


def _warns(done: Effect, finding: Finding) -> bool:
    """To go elsewhere is nothing to warn of, to go there because nobody could tell is."""
    return done is Effect.WARNS or (done is Effect.DIVERTS and finding.verdict is Verdict.UNKNOWN)
