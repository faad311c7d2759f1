"""Moves a model version from one alias to the next, and makes that move safe."""

from typing import TYPE_CHECKING, Any

from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Verdict
from model_promotion.core.outcome import Outcome

if TYPE_CHECKING:
    from model_promotion.job import PromotionJob

__all__ = ["ExitCode", "Outcome", "PromotionJob", "Verdict"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute is of any type
    """PromotionJob, imported when it is asked for."""
    if name == "PromotionJob":
        from model_promotion.job import PromotionJob

        return PromotionJob
    raise AttributeError(name)
