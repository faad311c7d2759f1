"""Endpoints that are named are there and can be asked, or the call ends before any check: nothing is promoted."""

from functools import partial

from model_promotion.core.endpoints import BY_ADDRESS, is_address
from model_promotion.core.errors import Unavailable
from model_promotion.core.request import Request
from model_promotion.together import together
from model_promotion.world import World


def all_askable(request: Request, world: World) -> None:
    """Whether there is a workspace for what is asked of one, and each endpoint that was named in it.

    Raises:
        Unavailable: when there is no workspace.
        PromotionError: when one of them is not there, or cannot be read.
    """
    names = [one for one in request.endpoints if not is_address(one)]
    serving = world.serving
    if serving is None:
        if names:
            hint = "endpoints are those of a Databricks workspace" if request.rolls_out else BY_ADDRESS
            raise Unavailable(f"there is no workspace here that could have an endpoint {names[0]}", hint=hint)
        if request.rolls_out:
            said = "there is no workspace here, so there is no endpoint that the candidate could be rolled out to"
            raise Unavailable(said, hint="leave --update-endpoints and --canary out")
        return
    together([partial(serving.deployment, name) for name in names])
