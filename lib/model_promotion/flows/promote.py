"""Promotion: look, judge, decide; then act, and undo every act unless all of them hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType, ModuleType
from typing import Any

from model_promotion.core import say
from model_promotion.core.decision import Decision, decide
from model_promotion.core.deployment import ServingStep, SetServed
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding
from model_promotion.core.intent import notes
from model_promotion.core.outcome import Outcome
from model_promotion.core.plan import Plan
from model_promotion.core.record import Noticed, digest
from model_promotion.core.request import Mode, Request
from model_promotion.core.reviewed import Reviewed, asked_of, facts_of
from model_promotion.core.rollout import Rollout
from model_promotion.core.steps import Step
from model_promotion.flows import copy
from model_promotion.flows.acting import Acted, carry_out
from model_promotion.flows.announcing import intent_of, writes
from model_promotion.flows.asking import ask_all, demands
from model_promotion.flows.describing import described
from model_promotion.flows.hands import Hands
from model_promotion.flows.named_data import all_there
from model_promotion.flows.named_endpoints import all_askable
from model_promotion.flows.recording import Deed, whoever, write_down
from model_promotion.flows.resolve import instead, make_plan, selector_for
from model_promotion.witness import Witness
from model_promotion.world import World

StillHolds = Callable[[Reviewed], None]
ABOUT_THE_PLACE = frozenset({"crowded_stage", "leaves_production", "gates"})
UNTOUCHED = "nothing was written, so there is nothing to go back to"


@dataclass(frozen=True)
class Judged:
    """A promotion that may go: what was seen, and why it may."""

    request: Request
    plan: Plan
    findings: tuple[Finding, ...]
    decision: Decision
    rollouts: tuple[Rollout, ...] = ()

    @property
    def changes(self) -> tuple[ServingStep, ...]:
        """What is to be done to endpoints: the old version goes once the alias has moved, all else before it."""
        model, rungs = self.plan.seen.name, self.request.canary
        return tuple(step for one in self.rollouts for step in one.way(model, rungs))

    @property
    def noticed(self) -> Noticed:
        """The version that the record says stands there, where another does."""
        if self.decision.diverted:
            return ()  # That was found out about the target, which does not move.
        found = (one.facts for one in self.findings if one.check == "outside_moves" and "recorded" in one.facts)
        return next(((facts["recorded"],) for facts in found), ())


def run(request: Request, world: World, still_holds: StillHolds | None = None) -> Outcome:
    """Promote; or, for --check and --dry-run, everything up to the decision."""
    judged = judge(request, world, still_holds)
    return judged if isinstance(judged, Outcome) else act(judged, world)


def judge(request: Request, world: World, still_holds: StillHolds | None = None) -> Judged | Outcome:
    """Look and decide; the outcome where it ends with that. Nothing is written but the copy that --copy-from asks for.

    `still_holds` is shown what the decision rests on before anything is written; it raises when that was not reviewed.
    """
    if request.engine != Request.engine:
        world.engine(request.engine)  # what it lacks on this machine is said before anything is asked or done
    all_askable(request, world)
    if request.copy_from:
        settled = copy.settled(request, world)
        if isinstance(settled, Outcome):
            return described(settled, request, world)
        request = settled
    judged = _judged(request, world, still_holds)
    return described(judged, request, world) if isinstance(judged, Outcome) else judged


def _judged(request: Request, world: World, still_holds: StillHolds | None) -> Judged | Outcome:
    plan = make_plan(request, world.registry)
    world.voice.tell(Event(Kind.WORKING, "Plan", _planned(plan, request)))
    uses = request.mode is Mode.CHECK and request.names_evidence  # It is asked of whatever stands there, too.
    if plan.nothing_to_do and not (notes(plan.seen.tags) or request.rolls_out or uses):
        all_there(request)
        return _already_there(plan, request, world)
    with Witness(plan, request, world) as witness:
        findings, rollouts = ask_all(witness, world), witness.rollouts
    decision = decide(findings, demands(request, world))
    if decision.go and decision.diverted:
        plan, findings, decision = _instead(plan, request, findings, world)
        rollouts = ()
    if not decision.go:
        return _refused(plan, request, findings, decision)
    if plan.nothing_to_do and not rollouts:
        left = decision.diverted or uses
        return _left_there(plan, request, findings, decision) if left else _already_there(plan, request, world)
    judged = Judged(request, plan, findings, decision, rollouts)
    if rollouts:
        _delivering().prepared(judged, world)  # What it cannot begin with is said before anything is written.
    if not request.mode.writes:
        return _would_go(judged, world)
    if still_holds:
        still_holds(_reviewed(judged, world))
    return judged


def _instead(
    plan: Plan, request: Request, findings: tuple[Finding, ...], world: World
) -> tuple[Plan, tuple[Finding, ...], Decision]:
    """The same about the place where the candidate goes that is not better."""
    plan = instead(plan, request, world.registry)
    world.voice.tell(Event(Kind.WORKING, "Plan", f"{plan.candidate.label} -> {plan.where} instead"))
    findings = _there(plan, request, findings, world)
    return plan, findings, decide(findings, demands(request, world))


def _there(plan: Plan, request: Request, findings: tuple[Finding, ...], world: World) -> tuple[Finding, ...]:
    """The findings once the candidate goes elsewhere: what is about the place is asked of that place."""
    checks = tuple(check for check in world.checks if check.name in ABOUT_THE_PLACE)
    with Witness(plan, request.toward(plan.target_alias), world) as witness:
        asked = ask_all(witness, replace(world, checks=checks))
    return (*(finding for finding in findings if finding.check not in ABOUT_THE_PLACE), *asked)


def _reviewed(judged: Judged, world: World) -> Reviewed:
    """The plan as it can be put before somebody."""
    plan, request, findings = judged.plan, judged.request, judged.findings
    return Reviewed(
        made_by=whoever(world).name,
        made_at=round(world.clock.now(), 3),
        asked=asked_of(request, plan.candidate.number),
        facts=facts_of(plan, findings, world.policy.digest, world.registry.uri),
        writes=tuple(step.sentence for step in (*judged.changes, *plan.moves)),
    )


def act(judged: Judged, world: World) -> Outcome:
    """Move what was judged, read it back, record it; all of it is undone unless all of it holds."""
    acted = _delivering().acted if judged.rollouts else _acted
    return described(acted(judged, world), judged.request, world)


def _delivering() -> ModuleType:
    from model_promotion.flows.rollouts import delivering  # Few promotions reach an endpoint.

    return delivering


def _acted(judged: Judged, world: World) -> Outcome:
    plan = judged.plan
    intent = intent_of(plan, world, judged.noticed)
    world.renew()  # Whatever time the checks took, the moves have all of theirs.
    acted = carry_out(intent, plan.steps, world, world.registry.model(plan.seen.name))
    return failed(judged, acted) if acted.failure else recorded(judged, acted.hands)


def recorded(
    judged: Judged, hands: Hands, *, ends: bool = True, rollout: Mapping[str, Any] = MappingProxyType({})
) -> Outcome:
    """What was moved is written down; `ends` says whether the announcement goes with that.

    `rollout` is what was done to endpoints before, and what was seen there.
    """
    request, plan, findings, decision = judged.request, judged.plan, judged.findings, judged.decision
    world, intent, entries = hands.world, hands.intent, tuple(hands.entries)
    assert intent is not None  # noqa: S101 - it was announced; tells the type checker
    move = intent.move
    kept = {name: digest(file) for finding in findings for name, file in finding.keeps.items()}
    evidence = {"findings": findings, "decision": decision, "steps": entries, "policy": world.policy.digest}
    evidence |= {"metrics": _metrics(findings), **({"chosen": request.chosen} if request.chosen else {})}
    evidence |= {"kept": kept} if kept else {}
    evidence |= {"approver": request.approver} if request.approver else {}
    evidence |= rollout
    way = (move.alias, move.was, move.to)
    said, undo = _left(plan, request, findings, decision) + _done(plan, decision), _way_back(plan, request)
    deed = Deed(intent.work, "promote", *way, request.reason, decision.skipped, evidence, judged.noticed, said, undo)
    written = write_down(deed, hands, ends=ends)
    code = ExitCode.WARNED if written.warnings else decision.code
    return Outcome(
        mode=request.mode,
        code=code,
        summary=said,
        model=plan.seen.name,
        was=move.was,
        to=move.to,
        findings=findings,
        decision=decision,
        entries=(*entries, *written.entries),
        record=written.place,
        warnings=written.warnings,
        hints=_all_the_same(plan, request, decision),
        undo=undo,
    )


def _metrics(findings: tuple[Finding, ...]) -> dict[str, float | None]:
    """The candidate's recorded metrics, for the run that holds the record."""
    for finding in findings:
        if finding.check in ("recorded_metrics", "better_than_champion") and finding.facts:
            changes = finding.facts.get("changes", ())
            return {**finding.facts.get("candidate", {}), **{change.name: change.candidate for change in changes}}
    return {}


def _planned(plan: Plan, request: Request) -> str:
    was = plan.champion.label if plan.champion else "nothing yet"
    meant = selector_for(request, plan.seen)
    why = "" if meant == request.candidate else f": no version was named, and {request.candidate} is nothing"
    return f"{plan.seen.name} {plan.candidate.label} ({meant}{why}) -> {plan.where}, where {was} stands"


def _done(plan: Plan, decision: Decision) -> str:
    where = f"{plan.seen.name}: {plan.where}"
    skipped = f"; skipped by --force: {', '.join(decision.skipped)}" if decision.skipped else ""
    skipped += _but(decision)
    if plan.in_place:
        in_step = f", brought in step: {plan.moves[0].sentence}" if plan.moves else ""
        return f"{where} is {plan.candidate.label} already{in_step}{skipped}"
    in_step = "".join(f"; in step: {move.sentence}" for move in plan.moves if move.alias == plan.twin)
    skipped = in_step + skipped
    if plan.champion is None:
        return f"{where} -> {plan.candidate.label}, the first one, so there is no backup{skipped}"
    kept = f"{plan.champion.label} kept as {say.target(plan.backup_alias)}"
    return f"{where}: {plan.champion.label} -> {plan.candidate.label} ({kept}){skipped}"


def _but(decision: Decision) -> str:
    return f"; warned by {', '.join(decision.warned)}" if decision.warned else ""


def _way_back(plan: Plan, request: Request) -> str:
    if plan.in_place and plan.moves:
        return _twin_back(plan, request)
    if plan.first:
        return f"nothing stood behind {plan.where} before, so there is nothing to go back to yet"
    return request.toward(plan.target_alias).command("--rollback")


def _twin_back(plan: Plan, request: Request) -> str:
    twin = plan.moves[0]
    if twin.was is None:
        return f"nothing was in {say.target(twin.alias)} before, so there is nothing to go back to"
    alone = replace(request.toward(twin.alias), sync_stages=False)
    return alone.command("--version", twin.was)


def _left(plan: Plan, request: Request, findings: tuple[Finding, ...], decision: Decision) -> str:
    """Why the candidate goes elsewhere, in front of where it goes."""
    if not decision.diverted:
        return ""
    why = ", ".join(finding.sentence for finding in findings if finding.check in decision.diverted)
    return f"{why}; {request.where} stays at {say.version(plan.seen.at(request.target_alias))}; "


def _all_the_same(plan: Plan, request: Request, decision: Decision) -> tuple[str, ...]:
    if not decision.diverted:
        return ()
    plainly = replace(request, if_better=(), else_alias="")
    return (f"promote it all the same: {plainly.again(*_named(plan, request))}",)


def _left_there(plan: Plan, request: Request, findings: tuple[Finding, ...], decision: Decision) -> Outcome:
    number = plan.candidate.number
    return Outcome(
        mode=request.mode,
        code=decision.code,
        summary=_left(plan, request, findings, decision)
        + f"{plan.where} is v{number} already, nothing was written{_but(decision)}",
        model=plan.seen.name,
        was=number,
        to=number,
        findings=findings,
        decision=decision,
        hints=_all_the_same(plan, request, decision),
        undo=UNTOUCHED,
    )


def _already_there(plan: Plan, request: Request, world: World) -> Outcome:
    # In a group the others go only while this one stands there, so it belongs to their plan.
    kept = request.in_group and request.mode is Mode.DRY_RUN
    return Outcome(
        mode=request.mode,
        code=ExitCode.DONE,
        summary=f"{plan.seen.name}: {plan.where} is {plan.candidate.label} already, nothing to do",
        model=plan.seen.name,
        was=plan.candidate.number,
        to=plan.candidate.number,
        reviewed=_reviewed(Judged(request, plan, (), decide((), demands(request, world))), world) if kept else None,
        undo=UNTOUCHED,
    )


def _refused(plan: Plan, request: Request, findings: tuple[Finding, ...], decision: Decision) -> Outcome:
    refusing = [finding for finding in findings if finding.check in decision.refused]
    hints = [finding.hint for finding in refusing if finding.hint]
    stays = f"{plan.where} stays at {say.version(plan.was)}"
    return Outcome(
        mode=request.mode,
        code=decision.code,
        summary=f"refused by {', '.join(decision.refused)}; {stays}",
        model=plan.seen.name,
        was=plan.was,
        to=plan.candidate.number,
        findings=findings,
        decision=decision,
        hints=(*hints, f"look again: {request.command('--check', *_which(plan, request))}"),
    )


def _which(plan: Plan, request: Request) -> tuple[str, ...]:
    return (*_named(plan, request), *request.gates)


def _named(plan: Plan, request: Request) -> tuple[str, ...]:
    """The candidate by number where the alias alone would not name it."""
    return ("--version", plan.candidate.number) if request.candidate_named else ()


def _would_go(judged: Judged, world: World) -> Outcome:
    plan, request, findings, decision = judged.plan, judged.request, judged.findings, judged.decision
    dry = request.mode is Mode.DRY_RUN
    made = request.plan_out
    do_it = ("--apply", str(made)) if made else ("--version", plan.candidate.number, *request.gates)
    hint = f"the plan was written to {made}; apply it" if made else "do it"
    may = f"{plan.moves[0].sentence} may follow" if plan.in_place and plan.moves else f"may go to {plan.where}"
    would = f"{plan.seen.name} {plan.candidate.label} {may}; nothing was written{_but(decision)}"
    return Outcome(
        mode=request.mode,
        code=decision.code,
        summary=_left(plan, request, findings, decision) + would,
        model=plan.seen.name,
        was=plan.was,
        to=plan.candidate.number,
        findings=findings,
        decision=decision,
        planned=_writes(judged, world) if dry else (),
        reviewed=_reviewed(judged, world) if dry else None,
        hints=(f"{hint}: {request.command(*do_it, *request.report)}",),
    )


def _writes(judged: Judged, world: World) -> tuple[Step | ServingStep, ...]:
    """Every write in order: the endpoints' between announcement and moves, but that the old one leaves them at last."""
    opening, *rest = writes(judged.plan, world)
    gone = [step for step in judged.changes if isinstance(step, SetServed) and step.to is None]
    before = [step for step in judged.changes if step not in gone]
    return (opening, *before, *rest[:-1], *gone, rest[-1])


def failed(judged: Judged, acted: Acted) -> Outcome:
    """Nothing of it stands, unless `acted` says so."""
    request, plan, failure = judged.request, judged.plan, acted.failure
    assert failure is not None  # noqa: S101 - only called with one; tells the type checker
    return Outcome(
        mode=request.mode,
        code=failure.code,
        summary=f"not promoted: {failure}; {acted.stands}",
        model=plan.seen.name,
        was=plan.was,
        to=plan.candidate.number,
        findings=judged.findings,
        decision=judged.decision,
        entries=acted.entries,
        hints=(failure.hint or f"look again with {request.command('--check')}",),
    )
