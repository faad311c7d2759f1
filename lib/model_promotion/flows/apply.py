"""Applying a reviewed plan: everything is looked at again, and nothing is done if any of it has changed."""

from dataclasses import replace
from typing import Any

from model_promotion.core.better import Goal
from model_promotion.core.dataset import Dataset
from model_promotion.core.endpoints import endpoint_named
from model_promotion.core.errors import BadCall, Conflict
from model_promotion.core.event import Event, Kind
from model_promotion.core.ladder import rungs
from model_promotion.core.load import LoadTest
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Request
from model_promotion.core.reviewed import Reviewed, changes
from model_promotion.core.say import when
from model_promotion.core.selector import NUMBER, ByNumber, target_name
from model_promotion.flows import promote
from model_promotion.world import World

SHOWN = 5


def run(request: Request, world: World) -> Outcome:
    """Promote as the plan says, if its facts still hold.

    Raises:
        Conflict: when the plan is stale or was made for another registry, with the facts that changed.
    """
    judged = judge(request, world)
    return judged if isinstance(judged, Outcome) else promote.act(judged, world)


def judge(request: Request, world: World) -> promote.Judged | Outcome:
    """Look and decide as for any promotion: the checks are asked again, so no file can talk past them.

    Raises:
        Conflict: when the plan is stale or was made for another registry, with the facts that changed.
    """
    reviewed = request.reviewed
    if reviewed is None:
        raise BadCall("there is no plan to apply", hint="name one: --apply FILE")
    world.voice.tell(Event(Kind.WORKING, "Plan", f"made by {reviewed.made_by} at {when(reviewed.made_at)}"))

    def still_holds(now: Reviewed) -> None:
        changed = changes(reviewed.facts, now.facts)
        if changed or reviewed.writes != now.writes:
            more = f" (and {len(changed) - SHOWN} more)" if len(changed) > SHOWN else ""
            raise Conflict(
                f"the plan is stale: {'; '.join(changed[:SHOWN]) or 'it would write something else now'}{more}",
                hint=f"make a new one and have it reviewed: {again.plan_anew}",
            )

    again = as_asked(request, reviewed)
    return promote.judge(again, world, still_holds)


def as_asked(request: Request, reviewed: Reviewed) -> Request:
    """The request that the plan was made for, with its version by number.

    Raises:
        BadCall: when the plan holds something that no request can.
    """
    asked = dict(reviewed.asked)
    number, target = str(asked.pop("candidate", "")), target_name(str(asked.pop("target_alias", "")))
    wanted = {
        "model": str,
        "reason": str,
        "approver": str,
        "env_manager": str,
        "force": bool,
        "compare_metrics": bool,
        "run_tests": bool,
        "tests": list,
        "sync_stages": bool,
        "engine": str,
        "reference_data": str,
        "current_data": str,
        "eval_data": dict,
        "endpoints": list,
        "load_test": str,
        "update_endpoints": bool,
        "canary": list,
        "bake_s": float | int | None,
        "chosen": dict,
        "if_better": list,
        "else_alias": str,
    }
    sound = NUMBER.fullmatch(number) and asked.keys() == wanted.keys() and asked["env_manager"] in ("local", "uv")
    if not sound or not all(isinstance(asked[name], kind) for name, kind in wanted.items()):
        raise BadCall("this plan asks for something that no call can ask", hint="make a new one: --plan-out FILE")
    if request.model and request.model != asked["model"]:
        raise BadCall(f"the plan is for {asked['model']}, not for {request.model}", hint="leave the model out")
    asked["eval_data"], asked["tests"] = Dataset.of(asked["eval_data"]), tuple(map(str, asked["tests"]))
    asked["endpoints"] = tuple(endpoint_named(str(one)) for one in asked["endpoints"])
    asked["canary"] = rungs(",".join(map(str, asked["canary"]))) if asked["canary"] else ()
    asked["load_test"] = LoadTest.parse(asked["load_test"]) if asked["load_test"] else None
    asked |= _choice(asked["if_better"], asked["else_alias"])
    return replace(request, candidate=ByNumber(number), target_alias=target, reviewed=None, **asked)


def _choice(goals: list[Any], other: str) -> dict[str, Any]:
    """What --if-better and --else-alias were; a plan without the one has none of the other."""
    return {
        "if_better": tuple(Goal.parse(str(goal)) for goal in goals),
        "else_alias": target_name(other) if goals else "",
    }
