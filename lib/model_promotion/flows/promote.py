"""Promotion: look, judge, decide; then act, and undo every act unless all of them hold."""

import uuid

from model_promotion.core import say
from model_promotion.core.decision import Decision, decide
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding
from model_promotion.core.intent import INTENT_TAG, Intent, Move
from model_promotion.core.outcome import Outcome
from model_promotion.core.plan import Plan
from model_promotion.core.request import Mode, Request
from model_promotion.core.steps import SetAlias
from model_promotion.flows.acting import Acted, carry_out
from model_promotion.flows.asking import ask_all, demands
from model_promotion.flows.recording import Deed, write_down
from model_promotion.flows.resolve import make_plan
from model_promotion.witness import Witness
from model_promotion.world import World


def run(request: Request, world: World) -> Outcome:
    """Promote; or, for --check and --dry-run, everything up to the decision."""
    plan = make_plan(request, world.registry)
    world.voice.tell(Event(Kind.WORKING, "Plan", _planned(plan, request)))
    if plan.nothing_to_do and INTENT_TAG not in plan.seen.tags:
        return _already_there(plan, request)
    findings = ask_all(Witness(plan, request, world), world)
    decision = decide(findings, demands(request, world))
    if not decision.go:
        return _refused(plan, request, findings, decision)
    if request.mode is not Mode.PROMOTE:
        return _would_go(plan, request, findings, decision)
    return _promoted(plan, request, world, (findings, decision))


def intent_of(plan: Plan, since: float) -> Intent:
    """The announcement of this plan's moves, under a new id."""
    moves = tuple(Move(step.alias, step.was, step.to) for step in plan.moves if isinstance(step, SetAlias))
    return Intent(uuid.uuid4().hex[:12], "promote", plan.target_alias, moves, round(since, 3))


def _promoted(plan: Plan, request: Request, world: World, judged: tuple[tuple[Finding, ...], Decision]) -> Outcome:
    findings, decision = judged
    intent = intent_of(plan, world.clock.now())
    opening = intent.opening(plan.seen.name)
    world.renew()  # Whatever time the checks took, the moves have all of theirs.
    acted = carry_out(opening, plan.steps, world)
    if acted.failure:
        return _failed(plan, request, acted, judged)
    move = intent.move
    evidence = {"findings": findings, "decision": decision, "steps": acted.entries, "policy": world.policy.digest}
    evidence["metrics"] = _metrics(findings)
    deed = Deed(intent.id, "promote", move.alias, move.was, move.to, request.reason, decision.skipped, evidence)
    written = write_down(deed, acted.seen, opening.undone(), world)
    code = ExitCode.WARNED if written.warnings else decision.code
    return Outcome(
        mode=request.mode,
        code=code,
        summary=_done(plan, decision),
        model=plan.seen.name,
        was=move.was,
        to=move.to,
        findings=findings,
        decision=decision,
        entries=(*acted.entries, *written.entries),
        record=written.place,
        warnings=written.warnings,
        undo=_way_back(plan, request),
    )


def _metrics(findings: tuple[Finding, ...]) -> dict[str, float | None]:
    """The candidate's recorded metrics, for the run that holds the record."""
    for finding in findings:
        if finding.check == "recorded_metrics":
            changes = finding.facts.get("changes", ())
            return {**finding.facts.get("candidate", {}), **{change.name: change.candidate for change in changes}}
    return {}


def _planned(plan: Plan, request: Request) -> str:
    was = plan.champion.label if plan.champion else "nothing yet"
    return f"{plan.seen.name} {plan.candidate.label} ({request.candidate}) -> @{plan.target_alias}, where {was} stands"


def _done(plan: Plan, decision: Decision) -> str:
    where = f"{plan.seen.name}: @{plan.target_alias}"
    skipped = f"; skipped by --force: {', '.join(decision.skipped)}" if decision.skipped else ""
    if plan.champion is None:
        return f"{where} -> {plan.candidate.label}, the first one, so there is no backup{skipped}"
    kept = f"{plan.champion.label} kept as @{plan.backup_alias}"
    return f"{where}: {plan.champion.label} -> {plan.candidate.label} ({kept}){skipped}"


def _way_back(plan: Plan, request: Request) -> str:
    if plan.first:
        return f"nothing stood behind @{plan.target_alias} before, so there is nothing to go back to yet"
    return request.command("--rollback")


def _already_there(plan: Plan, request: Request) -> Outcome:
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=f"{plan.seen.name}: @{plan.target_alias} is {plan.candidate.label} already, nothing to do",
        model=plan.seen.name,
        was=plan.candidate.number,
        to=plan.candidate.number,
        undo=request.command("--rollback") if plan.backup_alias in plan.seen.aliases else "",
    )


def _refused(plan: Plan, request: Request, findings: tuple[Finding, ...], decision: Decision) -> Outcome:
    refusing = [finding for finding in findings if finding.check in decision.refused]
    hints = [finding.hint for finding in refusing if finding.hint]
    stays = f"@{plan.target_alias} stays at {say.version(plan.was)}"
    return Outcome(
        mode=request.mode,
        code=decision.code,
        summary=f"refused by {', '.join(decision.refused)}; {stays}",
        model=plan.seen.name,
        was=plan.was,
        to=plan.candidate.number,
        findings=findings,
        decision=decision,
        hints=tuple(hints) or (f"look again with {request.command('--check')}",),
    )


def _would_go(plan: Plan, request: Request, findings: tuple[Finding, ...], decision: Decision) -> Outcome:
    dry = request.mode is Mode.DRY_RUN
    would = f"{plan.seen.name} {plan.candidate.label} may go to @{plan.target_alias}; nothing was written"
    return Outcome(
        mode=request.mode,
        code=decision.code,
        summary=would,
        model=plan.seen.name,
        was=plan.was,
        to=plan.candidate.number,
        findings=findings,
        decision=decision,
        planned=plan.moves if dry else (),
        hints=(f"do it: {request.command('--version', plan.candidate.number)}",),
    )


def _failed(plan: Plan, request: Request, acted: Acted, judged: tuple[tuple[Finding, ...], Decision]) -> Outcome:
    findings, decision = judged
    failure = acted.failure
    assert failure is not None  # noqa: S101 - only called with one; tells the type checker
    return Outcome(
        mode=request.mode,
        code=failure.code,
        summary=f"not promoted: {failure}; {acted.stands}",
        model=plan.seen.name,
        was=plan.was,
        to=plan.candidate.number,
        findings=findings,
        decision=decision,
        entries=acted.entries,
        hints=(failure.hint or f"look again with {request.command('--check')}",),
    )
