"""The best of many: found by a tag or a metric, then promoted through the very same checks as any other."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from model_promotion.core.best import CAUTION, Choice, Contender, choose, contenders, has, tagged_score
from model_promotion.core.dataset import Dataset
from model_promotion.core.entities import Listed
from model_promotion.core.errors import NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.listing import lines, not_readable, telling
from model_promotion.core.metrics import Direction, direction_of
from model_promotion.core.near import meant
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.core.say import count
from model_promotion.core.selector import ByNumber
from model_promotion.core.wanted import Wanted
from model_promotion.flows import list_models, promote
from model_promotion.world import World

LOOKED_AT = 5
SHOWN = 10


def run(request: Request, world: World) -> Outcome:
    """Find the winner, show the registry, promote it (or do what the mode says instead), and show what became of it."""
    wanted = request.best or Wanted()
    direction = _direction(wanted.metric, world)
    if wanted.metric and direction is None:
        return _unranked(request, wanted, world)
    listed = list_models.read(request, world)
    found = _scored(contenders(listed, wanted, request.target_alias), wanted.metric, world)
    chosen = choose(found, wanted.metric, direction or Direction.HIGHER, force=request.force)
    choice = replace(chosen, not_readable=not_readable(listed))
    _show(listed, choice, request, world)
    if not found:
        raise _untagged(request, wanted, listed, world)
    if choice.left_out:
        world.voice.tell(Event(Kind.WARNED, "Left out", choice.left_out))
    if choice.winner is None:
        return _warned(_nobody(request, choice, found, world), choice)
    world.voice.tell(Event(Kind.PASSED, "Best", _why(choice, request.eval_data.filled(world.policy.evidence.dataset))))
    return _warned(_promoted(request, wanted, choice, world), choice)


def _warned(outcome: Outcome, choice: Choice) -> Outcome:
    """A choice among some of the models never passes for one among all of them."""
    if not choice.not_readable:
        return outcome
    said = f"{choice.not_readable}; a better version may be among theirs"
    return outcome.warned(said)


def _promoted(request: Request, wanted: Wanted, choice: Choice, world: World) -> Outcome:
    assert choice.winner is not None  # noqa: S101 - only called with one; tells the type checker
    winner, chosen = choice.winner.version, {**choice.evidence, "tag": wanted.tagged, "metric": wanted.metric}
    named = replace(request, model=winner.model, candidate=ByNumber(winner.number), candidate_named=True, chosen=chosen)
    outcome = promote.run(named, world)
    if outcome.entries:
        outcome = _shown_afterwards(outcome, request, world)
    summary = f"{outcome.summary}; chosen because {choice.because}"
    return replace(outcome, summary=summary, facts={**outcome.facts, "chosen": chosen})


def _shown_afterwards(outcome: Outcome, request: Request, world: World) -> Outcome:
    """It is done already, so what cannot be shown is a warning."""
    try:
        listed = world.registry.catalogue(outcome.model)
    except PromotionError as error:
        said = f"the registry could not be shown afterwards: {error}"
        return outcome.warned(said)
    world.voice.tell(Event(Kind.WORKING, "Registry", "afterwards"))
    _tell(listed, request, world)
    return outcome


def _direction(metric: str, world: World) -> Direction | None:
    """Which way the metric gets better: the policy says so, or its name does."""
    rule = world.policy.metric_rules.get(metric)
    return (rule.direction if rule else None) or direction_of(metric)


def _scored(found: Sequence[Contender], metric: str, world: World) -> tuple[Contender, ...]:
    """Each with its score: as it was measured, which is read by pages, else as a tag tells it."""
    if not (metric and found):
        return tuple(found)
    measured = world.registry.scores([one.version for one in found], metric)
    scores = [known or tagged_score(one.version, metric) for one, known in zip(found, measured, strict=True)]
    return tuple(
        replace(one, score=score[0], found_in=score[1]) if score else one
        for one, score in zip(found, scores, strict=True)
    )


def _show(listed: Sequence[Listed], choice: Choice, request: Request, world: World) -> None:
    """The registry as it is, as much of it as can be read: the models that the choice is about come first."""
    names = {one.version.model for one in ([choice.winner] if choice.winner else choice.equals)}
    first = sorted(listed, key=lambda one: one.model.name not in names)
    more = f", of which {SHOWN} are shown" if len(listed) > SHOWN else ""
    world.voice.tell(Event(Kind.WORKING, "Registry", f"before: {count(len(listed), 'model')}{more}"))
    _tell(first[:SHOWN], request, world)


def _tell(listed: Sequence[Listed], request: Request, world: World) -> None:
    for event in lines(listed, request.target_alias):
        world.voice.tell(event)


def _why(choice: Choice, dataset: Dataset) -> str:
    """Why it won; of several, what that says about its value, and where it is, or could be, looked at again."""
    won = f"{choice.winner.label if choice.winner else ''}: {choice.because}"
    if choice.compared < 2:  # noqa: PLR2004 - one is not compared
        return won
    again = f"scored again on {dataset.uri}" if dataset else "to score it again, on other rows: --eval-data PATH"
    return f"{won}; {CAUTION}, and {choice.compared} were compared, so what is recorded is too good; {again}"


def _unranked(request: Request, wanted: Wanted, world: World) -> Outcome:
    like, metric = "", wanted.metric
    with suppress(PromotionError):  # Whether the name is near another is a courtesy.
        like = _like(metric, contenders(list_models.read(request, world), wanted, request.target_alias), world)
    say_so = f'say so in promotion.toml: [metrics."{metric}"] direction = "higher" (or "lower")'
    return Outcome(
        mode=request.mode,
        code=ExitCode.REFUSED,
        summary=f"which way {metric} gets better is not known, so it cannot rank anything",
        hints=(f"{like} Else {say_so}" if like else say_so,),
    )


def _like(metric: str, found: Sequence[Contender], world: World) -> str:
    """The question whether a metric was meant that these versions have, if none of them has this one."""
    if not metric:
        return ""
    known = {name for one in found for name in (*one.version.metrics, *telling(one.version.tags))}
    for one in found[:LOOKED_AT]:  # one request each, so a few have to do
        with suppress(NotFound):
            known |= set(world.registry.metrics(one.version).values)
    return "" if metric in known else meant(metric, known)


def _nobody(request: Request, choice: Choice, found: Sequence[Contender], world: World) -> Outcome:
    """Several that nothing ranks are refused, as is a hold; nobody at all is not found."""
    wanted = request.best or Wanted()
    if choice.held:
        return _held(request, wanted, choice)
    if not choice.equals:
        raise _unable(request, choice, found, world)
    return Outcome(
        mode=request.mode,
        code=ExitCode.REFUSED,
        summary=f"{len(choice.equals)} versions have {wanted.tagged}: {_some(choice.equals)}; nothing ranks them",
        hints=(f"rank them: {request.again(*wanted.options, '--metric', 'NAME')}",),
        facts={"chosen": choice.evidence},
    )


def _untagged(request: Request, wanted: Wanted, listed: Sequence[Listed], world: World) -> NotFound:
    """Nobody has the tag: the hint says which values its key has, or which key is near, and how to do without it."""
    tags = {pair for one in listed for version in one.versions for pair in version.tags.items()}
    same = [f"{key}={value}" for key, value in sorted(tags) if key == wanted.tag[0]][:SHOWN]
    there = f"there is {', '.join(same)};" if same else meant(wanted.tag[0], {key for key, _ in tags})
    plainly = replace(wanted, named=None, metric=wanted.metric or "NAME")
    rank = f"{'leave --tag out and ' if wanted.named else ''}rank all: {request.again(*plainly.options)}"
    said = _nobody_that(request, f"has the tag {wanted.tagged}", not_readable(listed), world)
    train = f"train and register one with the tag {wanted.tagged}, or {rank}; {_see(request)}"
    return NotFound(said, hint=f"{there} {train}".lstrip())


def _unable(request: Request, choice: Choice, found: Sequence[Contender], world: World) -> NotFound:
    """Those that were looked for are there, and cannot win: often it is the metric that is missing, not the tag."""
    wanted = request.best or Wanted()
    metric, tagged = wanted.metric, all(has(one.version, wanted.tag) for one in found)
    lacking = bool(metric) and all(one.score is None for one in found)
    can = f"{f'with {wanted.tagged} ' if tagged else ''}{f'has {metric}' if lacking else 'can win'}"
    why = "; ".join(filter(None, ("" if lacking else choice.left_out, choice.not_readable)))
    cure = (
        f"log {metric} for one of them, or rank by another: --metric NAME" if lacking else "mend what is said of them"
    )
    hint = _like(metric, found, world) or f"{cure}; {_see(request)}"
    return NotFound(_nobody_that(request, can, why, world), hint)


def _nobody_that(request: Request, said: str, why: str, world: World) -> str:
    return f"no version of {request.model or 'any model'} {said}{f'; {why}' if why else ''} ({world.registry.address})"


def _see(request: Request) -> str:
    return f"see what there is: {request.command('--list')}"


def _held(request: Request, wanted: Wanted, choice: Choice) -> Outcome:
    """As a promotion of a version that was named is refused."""
    first = choice.held[0].version
    release = replace(request, model=first.model).command("--version", first.number, "--release")
    by_force = replace(request, force=True).again(*wanted.options)
    return Outcome(
        mode=request.mode,
        code=ExitCode.REFUSED,
        summary=f"whoever could be the best by {wanted.tagged} is held: {_some(choice.held)}",
        hints=(f"when it is mended: {release}", f"or all the same: {by_force}"),
        facts={"chosen": choice.evidence},
    )


def _some(found: Sequence[Contender]) -> str:
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    return ", ".join(one.label for one in found[:SHOWN]) + more
