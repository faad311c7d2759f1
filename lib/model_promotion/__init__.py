"""Moves a model version from one alias to the next, and makes that move safe."""

import importlib
from typing import TYPE_CHECKING, Any

from model_promotion.core.errors import (
    BadCall,
    Conflict,
    Denied,
    NotFound,
    PromotionError,
    Unavailable,
    WrongValue,
)
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.outcome import Outcome, Refused

if TYPE_CHECKING:
    from model_promotion.jobs import Job, Locals, PromotionJob, RollbackJob
    from model_promotion.services import AlertsService, LoggerService, MlflowService

__all__ = [
    "AlertsService",
    "BadCall",
    "Conflict",
    "Denied",
    "ExitCode",
    "Finding",
    "Job",
    "Locals",
    "LoggerService",
    "MlflowService",
    "NotFound",
    "Outcome",
    "PromotionError",
    "PromotionJob",
    "Refused",
    "RollbackJob",
    "Unavailable",
    "Verdict",
    "WrongValue",
]
# Jobs and services are pydantic models; the command, whose first line is to come within 150 ms, has no use for them.
LATER = {
    **dict.fromkeys(("Job", "Locals", "PromotionJob", "RollbackJob"), "jobs"),
    **dict.fromkeys(("AlertsService", "LoggerService", "MlflowService"), "services"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute is of any type
    """The names that are imported when they are asked for."""
    if name in LATER:
        return getattr(importlib.import_module(f"{__name__}.{LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
