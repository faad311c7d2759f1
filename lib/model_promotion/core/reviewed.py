"""A reviewed plan: what was seen, what will be written, by whom it was made; and what has changed since."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from model_promotion.core.errors import BadCall, Conflict
from model_promotion.core.finding import Finding
from model_promotion.core.jsonable import jsonable
from model_promotion.core.plan import Plan
from model_promotion.core.record import HEAD_TAG, digest
from model_promotion.core.redaction import redacted
from model_promotion.core.say import when

SCHEMA_VERSION = 1
KIND = "promotion-plan"
FLEET_KIND = "promotion-fleet-plan"
MOST_CHARACTERS = 5_000_000
MOST_OF_A_FLEET = 30_000_000  # A plan takes about two thousand, so this is many thousands of them.
MEASURED = "measured"


@dataclass(frozen=True)
class Reviewed:
    """A plan as it lies in a file. `asked` are the options of the call, `facts` what was seen, each by its name."""

    made_by: str
    made_at: float
    asked: Mapping[str, Any]
    facts: Mapping[str, str]
    writes: tuple[str, ...]

    @property
    def text(self) -> str:
        """The file: readable JSON, sealed with the SHA-256 of its content."""
        body = self._body()
        return json.dumps({**body, "sha256": _seal(body)}, indent=2, sort_keys=True) + "\n"

    def _body(self) -> dict[str, Any]:
        return {"schema_version": SCHEMA_VERSION, "kind": KIND, **jsonable(self)}

    @classmethod
    def parse(cls, text: str) -> "Reviewed":
        """The plan in a file's text.

        Raises:
            BadCall: when it is no plan of this program.
            Conflict: when it was edited after it was made.
        """
        body = _mapping(text)
        seal = body.pop("sha256", None)
        if body.pop("schema_version", None) != SCHEMA_VERSION or body.pop("kind", None) != KIND:
            raise BadCall("this file is no plan of this program", hint="make one: --plan-out FILE")
        try:
            made = cls(
                made_by=str(body.pop("made_by")),
                made_at=float(body.pop("made_at")),
                asked=dict(body.pop("asked")),
                facts={str(name): str(value) for name, value in dict(body.pop("facts")).items()},
                writes=tuple(map(str, body.pop("writes"))),
            )
            # Sealed is what can be said and shown: a time that is one, and nothing nested without end.
            sealed = _seal(made._body()) if when(made.made_at) else ""
        except (KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError) as error:
            raise BadCall(f"this plan makes no sense: {error}", hint="make one: --plan-out FILE") from error
        if body or seal != sealed:
            raise Conflict("the plan was edited after it was made", hint="make a new one: --plan-out FILE")
        return made


@dataclass(frozen=True)
class ReviewedUnit:
    """Plans that are all applied or none is; see fleet.Unit."""

    plans: tuple[Reviewed, ...]
    name: str = ""


@dataclass(frozen=True)
class ReviewedFleet:
    """The plans of a whole fleet as they lie in one file: each with its own seal, and one around them all."""

    units: tuple[ReviewedUnit, ...]
    workers: int

    @property
    def text(self) -> str:
        """The file."""
        body = self._body()
        return json.dumps({**body, "sha256": _seal(body)}, indent=2, sort_keys=True) + "\n"

    def _body(self) -> dict[str, Any]:
        units = [{"name": unit.name, "plans": [json.loads(plan.text) for plan in unit.plans]} for unit in self.units]
        return {"schema_version": SCHEMA_VERSION, "kind": FLEET_KIND, "workers": self.workers, "units": units}

    @classmethod
    def parse(cls, text: str) -> "ReviewedFleet":
        """The plans in a file's text.

        Raises:
            BadCall: when it is no fleet's plan of this program.
            Conflict: when it was edited after it was made.
        """
        body = _mapping(text, MOST_OF_A_FLEET)
        seal = body.pop("sha256", None)
        try:
            read = [(str(one["name"]), [json.dumps(plan) for plan in one["plans"]]) for one in body["units"]]
            workers = int(body["workers"])
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
            raise BadCall(f"this plan makes no sense: {error}", hint="make one: --plan-out FILE") from error
        made = cls(tuple(ReviewedUnit(tuple(map(Reviewed.parse, plans)), name) for name, plans in read), workers)
        if body != made._body() or seal != _seal(body) or not all(unit.plans for unit in made.units) or workers < 1:
            raise Conflict("the plan was edited after it was made", hint="make a new one: --plan-out FILE")
        return made


def parse(text: str) -> Reviewed | ReviewedFleet:
    """The plan of one promotion, or of a fleet.

    Raises:
        BadCall: when it is no plan of this program.
        Conflict: when it was edited after it was made.
    """
    several = _mapping(text, MOST_OF_A_FLEET).get("kind") == FLEET_KIND
    return ReviewedFleet.parse(text) if several else Reviewed.parse(text)


def asked_of(request_like: Any, number: str) -> dict[str, Any]:  # noqa: ANN401 - a Request, which knows this file
    """The options that a call of this kind had, with the candidate by number."""
    names = (
        "model",
        "target_alias",
        "reason",
        "approver",
        "env_manager",
        "force",
        "compare_metrics",
        "run_tests",
        "sync_stages",
        "update_endpoints",
        "engine",
        "reference_data",
        "current_data",
    )
    goals = [str(goal) for goal in request_like.if_better]
    evidence = {"eval_data": jsonable(request_like.eval_data), "tests": list(request_like.tests)}
    evidence |= {"endpoints": list(request_like.endpoints), "load_test": str(request_like.load_test or "")}
    evidence |= {"canary": list(request_like.canary), "bake_s": request_like.bake_s}
    chosen = {**evidence, "candidate": number, "if_better": goals, "else_alias": request_like.else_alias}
    return {**chosen, **{name: getattr(request_like, name) for name in (*names, "chosen")}}


def facts_of(plan: Plan, findings: Iterable[Finding], policy_digest: str, address: str) -> dict[str, str]:
    """Everything that the decision rests on, by name: if one of these has changed, the plan is stale."""
    facts = {"registry": redacted(address), "policy": policy_digest, "model": plan.seen.name}
    facts |= {f"@{alias}": f"v{number}" for alias, number in plan.seen.aliases.items()}
    facts |= {f"stage {stage}": f"v{number}" for stage, number in plan.seen.stages.items()}
    facts["newest record"] = plan.seen.tags.get(HEAD_TAG, "none")
    for name, version in (("candidate", plan.candidate), ("champion", plan.champion)):
        if version:
            facts |= {name: version.label, f"{name}'s source": version.source, f"{name}'s run": version.run_id}
            facts |= {f"{name}'s status": version.status, f"{name}'s tags": _brief(version.tags)}
    return facts | {f"check {finding.check}": f"{finding.verdict.value} {_evidence(finding)}" for finding in findings}


def changes(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """One sentence for each fact that differs."""
    names = sorted({*then, *now})
    return tuple(
        f"{name} was {then.get(name, 'not there')} when the plan was made, and is {now.get(name, 'not there')} now"
        for name in names
        if then.get(name) != now.get(name)
    )


def _evidence(finding: Finding) -> str:
    """A digest of what the check found, without what no two measurements agree on."""
    return _brief({name: value for name, value in finding.facts.items() if name != MEASURED})


def _brief(value: object) -> str:
    return digest(json.dumps(jsonable(value), sort_keys=True))[:16]


def _seal(body: Mapping[str, Any]) -> str:
    return digest(json.dumps(body, sort_keys=True, separators=(",", ":")))


def _mapping(text: str, most: int = MOST_CHARACTERS) -> dict[str, Any]:
    try:
        body = json.loads(text) if len(text) <= most else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise BadCall("this file is no plan of this program", hint="make one: --plan-out FILE")
    return body
