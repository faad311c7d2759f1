"""What was asked."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from model_promotion.core.better import Goal
from model_promotion.core.dataset import Dataset
from model_promotion.core.entities import RegisteredModel
from model_promotion.core.load import LoadTest
from model_promotion.core.redaction import redacted
from model_promotion.core.reviewed import Reviewed
from model_promotion.core.say import target
from model_promotion.core.selector import ByAlias, Selector
from model_promotion.core.stages import Features, backup_of, stage_of, twin_of, usual_else
from model_promotion.core.wanted import Wanted

if TYPE_CHECKING:
    from model_promotion.core.fleet import Fleet


class Mode(StrEnum):
    """One call is one mode."""

    PROMOTE = "promote"
    DRY_RUN = "dry-run"
    CHECK = "check"
    ROLLBACK = "rollback"
    RELEASE = "release"
    APPROVE = "approve"
    REJECT = "reject"
    RECOVER = "recover"
    HISTORY = "history"
    VERIFY_AUDIT = "verify-audit"
    APPLY = "apply"
    LIST = "list"
    CLEANUP = "cleanup"
    WATCH = "watch"
    DEMO = "demo"

    @property
    def promotes(self) -> bool:
        """Whether this mode is a promotion, or looks at one."""
        return self in {Mode.PROMOTE, Mode.DRY_RUN, Mode.CHECK}

    @property
    def writes(self) -> bool:
        """Whether this mode may change the registry."""
        return self not in {Mode.DRY_RUN, Mode.CHECK, Mode.HISTORY, Mode.VERIFY_AUDIT, Mode.LIST, Mode.DEMO}


# Modes that take a candidate and move no alias: the same call about another candidate moves none either.
MOVE_NOTHING = frozenset({Mode.DRY_RUN, Mode.CHECK, Mode.RELEASE, Mode.APPROVE, Mode.REJECT})

LOOKING = frozenset({Mode.DRY_RUN, Mode.CHECK})
"""They end as the call that they look at would end, and tell nobody."""
ALERTING = frozenset(mode for mode in Mode if mode.writes) | {Mode.VERIFY_AUDIT}
"""Somebody may be told how they ended: whoever re-computes the chain by night wants to hear that it does not fit."""


@dataclass(frozen=True)
class Request:
    """One call, checked for form before anything heavy is imported; the registry has not been asked yet.

    With `best` the model may be a pattern, and the candidate is found among its versions; `chosen` is then the evidence
    for it. What is `in_group` is promoted with all of the group, or not at all. `keep` and `older_than_s` say what a
    cleanup leaves, `yes` that it may delete. `gate` is what an approval is about,
    and `sign_with` the approver's SSH key.
    """

    mode: Mode
    model: str = ""
    candidate: Selector = ByAlias("staging")
    candidate_named: bool = False
    target_alias: str = "champion"
    to_version: str | None = None
    recovery: Literal["resume", "abandon"] | None = None
    at: float | None = None
    reason: str = ""
    gate: str = ""
    approver: str = ""
    sign_with: Path | None = None
    force: bool = False
    compare_metrics: bool = False
    run_tests: bool = False
    tests: tuple[str, ...] = ()
    junit_xml: Path | None = None
    env_manager: Literal["local", "uv"] = "local"
    plan_out: Path | None = None
    reviewed: Reviewed | None = None
    program: str = "promote_model.py"
    sync_stages: bool = False
    best: Wanted | None = None
    chosen: Mapping[str, Any] = field(default_factory=dict)
    keep: int | None = None
    older_than_s: float | None = None
    yes: bool = False
    if_better: tuple[Goal, ...] = ()
    else_alias: str = ""
    metadata_file: Path | None = None
    report_file: Path | None = None
    copy_from: str = ""
    eval_data: Dataset = Dataset()
    reference_data: str = ""
    current_data: str = ""
    engine: str = "local"
    endpoints: tuple[str, ...] = ()
    update_endpoints: bool = False
    canary: tuple[int, ...] = ()
    bake_s: float | None = None
    load_test: LoadTest | None = None
    watch_s: float | None = None
    fleet: "Fleet | None" = None
    verbose: bool = False
    in_fleet: bool = False
    in_group: bool = False
    address_options: tuple[str, ...] = ()

    @property
    def rolls_out(self) -> bool:
        """Whether endpoints are to serve the candidate too."""
        return self.update_endpoints or bool(self.canary)

    @property
    def data(self) -> tuple[str, ...]:
        """The data that were named."""
        return tuple(filter(None, (self.eval_data.uri, self.reference_data, self.current_data)))

    @property
    def names_evidence(self) -> bool:
        """Whether data, tests or endpoints were named that say something of a version wherever it stands."""
        return bool(self.data or self.run_tests or self.endpoints)

    @property
    def where(self) -> str:
        """The target alias or stage, as sentences name it."""
        return target(self.target_alias)

    @property
    def a_model(self) -> str:
        """A model that it is about: its name tells which kind of registry is meant."""
        return self.fleet.members[0].model if self.fleet else self.model

    @property
    def backup_alias(self) -> str:
        """The alias that keeps the previous version."""
        return backup_of(self.target_alias)

    def in_step(self, features: Features) -> bool:
        """Whether stages and aliases are kept in step: it is asked, and there are both."""
        return self.sync_stages and features.stages and features.aliases

    def twin(self, seen: RegisteredModel, features: Features) -> str | None:
        """What --sync-stages keeps in step with the target; nothing where it is not asked or not possible."""
        return twin_of(self.target_alias, seen.aliases) if self.in_step(features) else None

    @property
    def leads_nowhere(self) -> bool:
        """Whether it is a promotion from a place to itself; the same alias of another model is another place."""
        same = isinstance(self.candidate, ByAlias) and self.candidate.alias == self.target_alias
        return same and self.mode.promotes and not (self.copy_from or self.best)

    @property
    def gates(self) -> tuple[str, ...]:
        """The options that say how strictly to look, as they were typed."""
        flags = {"--compare-metrics": self.compare_metrics, "--run-tests": self.run_tests, "--force": self.force}
        tests = tuple(word for path in self.tests for word in ("--tests", path))
        own_env = ("--env-manager", self.env_manager) if self.env_manager != "local" else ()
        said = {"--approver": self.approver, "--reason": self.reason}
        reason = tuple(word for flag, text in said.items() if text for word in (flag, text))
        engine = ("--engine", self.engine) if self.engine != "local" else ()
        samples = {"--reference-data": self.reference_data, "--current-data": self.current_data}
        named = tuple(word for flag, path in samples.items() if path for word in (flag, path))
        evidence = (*tests, *self.eval_data.options, *named, *engine, *self._endpoints)
        return (*(flag for flag, given in flags.items() if given), *self._choice, *evidence, *own_env, *reason)

    @property
    def _endpoints(self) -> tuple[str, ...]:
        """The options that say which endpoints are tried, and how."""
        load = ("--load-test", str(self.load_test)) if self.load_test else ()
        updates = ("--update-endpoints",) if self.update_endpoints else ()
        canary = ("--canary", ",".join(map(str, self.canary))) if self.canary else ()
        bake = ("--bake", f"{self.bake_s:g}s") if self.bake_s is not None else ()
        watch = ("--watch", f"{self.watch_s:g}s") if self.watch_s is not None else ()
        named = (word for one in self.endpoints for word in ("--endpoint", one))
        return (*named, *load, *updates, *canary, *bake, *watch)

    @property
    def _choice(self) -> tuple[str, ...]:
        """The options that choose between the target and the else-alias."""
        goals = tuple(word for goal in self.if_better for word in ("--if-better", str(goal)))
        usual = stage_of(self.else_alias) or self.else_alias in ("", usual_else(self.target_alias))
        return (*goals, *(() if usual else ("--else-alias", self.else_alias)))

    @property
    def report(self) -> tuple[str, ...]:
        """The options that name the files a promotion leaves, as they were typed."""
        named = {"--metadata-file": self.metadata_file, "--junit-xml": self.junit_xml}
        named["--report-file"] = self.report_file
        return tuple(word for flag, path in named.items() if path for word in (flag, str(path)))

    @property
    def plan_anew(self) -> str:
        """What to type when a plan does not hold any more."""
        again = replace(self, model="", copy_from="", target_alias="champion", sync_stages=False)
        many = again.command("--manifest", "FILE", "--plan-out", "FILE")
        return many if self.in_fleet else self.command("--plan-out", "FILE")

    def toward(self, target_alias: str) -> "Request":
        """The same about another alias."""
        return replace(self, target_alias=target_alias)

    @property
    def _target(self) -> tuple[str, ...]:
        stage = stage_of(self.target_alias)
        named = ("--to", self.target_alias) if stage is None else ("--to-stage", stage)
        return (*(() if self.target_alias == "champion" else named), *(("--sync-stages",) if self.sync_stages else ()))

    def again(self, *options: str) -> str:
        """This call once more, with these options: a look stays a look, and stays as strict."""
        gate = (self.gate,) if self.gate else ()
        key = ("--sign-with", str(self.sign_with)) if self.sign_with else ()
        named = (f"--{self.mode.value}", *gate, *key) if self.mode in MOVE_NOTHING else ()
        mode = ("--plan-out", str(self.plan_out)) if self.plan_out else named
        return self.command(*options, *mode, *self.gates, *self.report)

    def command(self, *options: str) -> str:
        """Another call about the same model and target, with these options, ready to be typed."""
        copied = ("--copy-from", self.copy_from) if self.copy_from else ()
        target = () if {"--release", "--apply"} & {*options} else self._target
        model = (self.model,) if self.model else ()
        words = (*model, *options, *target, *copied, *self.address_options)
        # It goes into outcomes and files; whoever types it has the password.
        return redacted(f"{self.program} {shlex.join(words)}")
