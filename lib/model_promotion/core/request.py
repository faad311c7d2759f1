"""What was asked."""

import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from model_promotion.core.selector import BACKUP, ByAlias, Selector


class Mode(StrEnum):
    """One call is one mode."""

    PROMOTE = "promote"
    DRY_RUN = "dry-run"
    CHECK = "check"
    ROLLBACK = "rollback"
    RELEASE = "release"
    RECOVER = "recover"
    HISTORY = "history"
    VERIFY_AUDIT = "verify-audit"
    DEMO = "demo"

    @property
    def writes(self) -> bool:
        """Whether this mode may change the registry."""
        return self in {Mode.PROMOTE, Mode.ROLLBACK, Mode.RELEASE, Mode.RECOVER}


@dataclass(frozen=True)
class Request:
    """One call, checked for form before anything heavy is imported; the registry has not been asked yet."""

    mode: Mode
    model: str = ""
    candidate: Selector = ByAlias("staging")
    candidate_named: bool = False
    target_alias: str = "champion"
    to_version: str | None = None
    recovery: Literal["resume", "abandon"] | None = None
    at: float | None = None
    reason: str = ""
    force: bool = False
    compare_metrics: bool = False
    run_tests: bool = False
    env_manager: Literal["local", "uv"] = "local"
    program: str = "promote_model.py"
    address_options: tuple[str, ...] = ()

    @property
    def backup_alias(self) -> str:
        """The alias that keeps the previous version."""
        return f"{BACKUP}{self.target_alias}"

    def command(self, *options: str) -> str:
        """The same call with other options, ready to be typed."""
        target = () if self.target_alias == "champion" or "--release" in options else ("--to", self.target_alias)
        words = (self.model, *options, *target, *self.address_options)
        return f"{self.program} {shlex.join(words)}"
