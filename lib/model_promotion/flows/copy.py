"""Bringing a version of another model into this one, once; what is promoted then is the copy."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from model_promotion.core import say
from model_promotion.core.copying import ORIGIN_TAG, Copy, NewModel, is_copy, may_be_copy
from model_promotion.core.decision import decide
from model_promotion.core.entities import READY, RegisteredModel, Version
from model_promotion.core.errors import Conflict, Interrupted, NoRegistry, NotFound, PromotionError, TimedOut
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.intent import HOLD_TAG
from model_promotion.core.outcome import Outcome
from model_promotion.core.plan import Plan
from model_promotion.core.request import Mode, Request
from model_promotion.core.selector import ByNumber
from model_promotion.core.stages import NONE
from model_promotion.core.steps import Step
from model_promotion.flows.announcing import writes
from model_promotion.flows.asking import ask_all, demands
from model_promotion.flows.resolve import find_model, find_number, find_version, instead
from model_promotion.together import together
from model_promotion.undisturbed import undisturbed
from model_promotion.witness import Witness
from model_promotion.world import World

PENDING = "PENDING_REGISTRATION"
LOOK_AGAIN_S = 1.0
COPY_FIRST = "leave --plan-out out, or copy first: promote it to another alias, for example --to candidate"


@dataclass(frozen=True)
class Job:
    """What is to be copied, and the model it goes to as it was seen; None when there is no such model yet."""

    request: Request
    source: Version
    seen: RegisteredModel | None
    world: World

    @property
    def copy(self) -> Copy:
        """The copy to be made, under a new id."""
        return Copy(self.source.model, self.source.number, self.request.model, uuid.uuid4().hex[:12])

    @property
    def origin(self) -> str:
        """Where the copy comes from."""
        return self.copy.origin

    def tell(self, kind: Kind, sentence: str) -> None:
        """One line about copying."""
        self.world.voice.tell(Event(kind, "Copy", sentence))


def settled(request: Request, world: World) -> Request | Outcome:
    """The request for the copy, which is made if it is not there; a call that may not write ends here without one.

    Raises:
        NotFound: when there is no such version.
        Conflict: when the source is not READY or is held.
        Interrupted: when somebody pressed Ctrl-C.
    """
    source = _source(request, world)
    job = Job(request, source, _model_if_there(request, world), world)
    listed = world.registry.versions(request.model) if job.seen else ()
    copies = _copies(job, listed)
    taken = next((copy for copy in copies if copy.status == READY), None) or _first_ready(job, copies)
    if taken:
        job.tell(Kind.PASSED, f"{job.origin} is here already, as {taken.label}")
    elif not request.mode.writes:
        return _preview(job)
    else:
        taken = _made(job, {version.number for version in listed})
    return replace(request, candidate=ByNumber(taken.number), candidate_named=True, copy_from="")


def _source(request: Request, world: World) -> Version:
    seen = find_model(replace(request, model=request.copy_from), world.registry)
    source = find_version(seen.name, find_number(request, seen, world.registry), world.registry)
    if source.status != READY:
        raise Conflict(
            f"{source.label} of {seen.name} is {source.status}, not READY: nothing was copied",
            hint="wait until its registration has ended, or name another: --version N",
        )
    held = source.tags.get(HOLD_TAG)
    if held is not None and not request.force:
        raise Conflict(
            f"{source.label} of {seen.name} is held there, so it is not copied: {held}",
            hint="when the cause is mended: "
            + replace(request, model=seen.name, copy_from="").command("--version", source.number, "--release"),
        )
    return source


def _model_if_there(request: Request, world: World) -> RegisteredModel | None:
    try:
        return world.registry.model(request.model)
    except NoRegistry:
        raise
    except NotFound:
        return None


def _copies(job: Job, listed: Iterable[Version]) -> list[Version]:
    """The copies of the source among these, oldest first; Unity Catalog's search leaves tags out, so those are read."""
    likely = [version for version in listed if may_be_copy(version, job.source)]
    bare = [version for version in likely if not version.tags]
    tagged = [version for version in likely if version.tags]
    read = together([partial(job.world.registry.version, job.request.model, one.number) for one in bare])
    found = [version for version in (*tagged, *read) if is_copy(version, job.source)]
    return sorted(found, key=lambda version: int(version.number))


def _first_ready(job: Job, copies: Sequence[Version]) -> Version | None:
    """The copy with the lowest number, once it is READY; somebody may be at work on one that is not yet."""
    until = job.world.clock.monotonic() + job.world.timeout_s
    for version in copies:
        found = _awaited(job, version, until)
        if found.status == READY:
            return found
        said = f"{found.label} is an unfinished copy ({found.status}) and is left alone; delete it when nobody copies"
        job.tell(Kind.WARNED, said)
    return None


def _awaited(job: Job, version: Version, until: float) -> Version:
    clock = job.world.clock
    while version.status == PENDING and clock.monotonic() < until:
        job.tell(Kind.WORKING, f"waiting for {version.label} to become READY")
        clock.sleep(LOOK_AGAIN_S)
        job.world.renew()
        version = job.world.registry.version(version.model, version.number)
    return version


def _made(job: Job, before: set[str]) -> Version:
    """The copy, READY; if somebody else made one at the same time, the one with the lower number."""
    copy, world = job.copy, job.world
    job.tell(
        Kind.WORKING, f"{copy.origin} -> {copy.model}, tagged {ORIGIN_TAG}; no approval and no hold is taken along"
    )
    try:
        with world.voice.during(f"copying {copy.origin}"):
            number = world.writer.copy(copy)
    except (KeyboardInterrupt, TimedOut) as error:
        left, again = _left(copy, world), f"go on: {job.request.command('--version', job.source.number)}"
        if isinstance(error, TimedOut):
            raise TimedOut(f"{error}; {left}; no alias was touched", hint=error.hint) from error
        raise Interrupted(f"interrupted while copying; {left}; no alias was touched", hint=again) from error
    world.renew()
    since = [one for one in world.registry.versions(copy.model) if one.number not in before]
    copies = _copies(job, since)
    taken = _first_ready(job, copies)
    if taken is None:
        raise Conflict(
            f"the copy v{number} did not become READY within {world.timeout_s:g} s; no alias was touched",
            hint=f"go on when it is: {job.request.command('--version', job.source.number, '--timeout', 'DURATION')}",
        )
    job.tell(Kind.PASSED, f"{copy.origin} is {copy.model} {taken.label}, READY")
    if others := [one.label for one in copies if one.number != taken.number]:
        said = f"somebody else copied it at the same time: {taken.label} is taken, {', '.join(others)} has no alias"
        job.tell(Kind.WARNED, said)
    return taken


def _left(copy: Copy, world: World) -> str:
    """What is left of a copy that was cut off, once what can be taken away is."""
    world.renew()
    try:
        whole, _ = undisturbed(partial(world.writer.uncopy, copy))
    except PromotionError as error:
        return f"what was begun of the copy could not be taken away: {error}"
    return f"the copy is there, as v{whole}" if whole else "nothing is left of the copy"


def _preview(job: Job) -> Outcome:
    """What would be copied, and what the checks say of the source, as there is no copy yet to look at."""
    request, world = job.request, job.world
    seen = job.seen or RegisteredModel(request.model)
    was = seen.at(request.target_alias)
    champion = find_version(seen.name, was, world.registry) if was else None
    twin = request.twin(seen, world.registry.features)
    plan = Plan(seen, job.source, champion, request.target_alias, request.backup_alias, twin)
    new = "" if job.seen else ", which would be registered"
    job.tell(Kind.WORKING, f"would copy {job.origin} to {seen.name}{new}; the checks look at {job.origin} itself")
    with Witness(plan, request, world) as witness:
        findings = ask_all(witness, world)
    decision = decide(findings, demands(request, world))
    again = request.command("--version", job.source.number, *request.gates)
    would = f"{job.origin} would be copied to {seen.name}{new}"
    planned: tuple[Step | NewModel | Copy, ...] = ()
    code, hints = decision.code, tuple(one.hint for one in findings if one.check in decision.refused and one.hint)
    if not decision.go:
        said = f"{would}, but is refused by {', '.join(decision.refused)}; {plan.where} stays at {say.version(was)}"
    elif request.plan_out:
        # Whoever applies the plan next must not find none, or an older one in its place.
        code, hints = ExitCode.REFUSED, (COPY_FIRST,)
        said = f"no plan was made: {would} first, and there is none before the copy is there"
    else:
        plan = instead(plan, request, world.registry) if decision.diverted else plan
        planned = _writes(job, plan) if request.mode is Mode.DRY_RUN else ()
        hints = (f"do it: {again}",)
        said = f"{would}, and the copy promoted to {plan.where}; nothing was written"
    return Outcome(
        mode=request.mode,
        code=code,
        summary=said,
        model=seen.name,
        was=was,
        findings=findings,
        decision=decision,
        planned=planned,
        hints=hints,
        facts={"copies": job.origin},
    )


def _writes(job: Job, plan: Plan) -> tuple[Step | NewModel | Copy, ...]:
    """Every write to the registry; which number the copy gets, the registry says when it is made."""
    copied = replace(job.source, model=job.request.model, number="<copy>", stage=NONE)
    made = (*(() if job.seen else (NewModel(job.request.model),)), replace(job.copy, id="<id>"))
    return (*made, *writes(replace(plan, candidate=copied), job.world))
