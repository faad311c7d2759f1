"""Options about data that cannot work together are told before anything is asked, also where the policy says half."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_promotion.core.errors import BadCall
from model_promotion.core.sql import table_named

if TYPE_CHECKING:
    from model_promotion.core.dataset import Dataset
    from model_promotion.core.policy import Policy
    from model_promotion.core.request import Request

NAME_THEM = "name the column of the truth: --target COLUMN, or target under [evidence] in promotion.toml"
LOCALLY = "models are compared with --engine local on files, or --engine spark on tables"


def check_data_options(request: Request, policy: Policy | None) -> None:
    """Whether what was said of data can be done; without the policy only what no policy could mend.

    Raises:
        BadCall: when it cannot.
    """
    if not request.mode.promotes:
        return
    data = request.eval_data.filled(policy.evidence.dataset) if policy else request.eval_data
    _apart(data)
    if data:
        _answered_by(request.engine, request.env_manager, data)
    if request.engine == "warehouse":
        for uri in filter(None, (request.reference_data, request.current_data)):
            table_named(uri)
    if policy:
        _complete(request, data, policy)


def _apart(data: Dataset) -> None:
    if data.target and data.target in (data.id, data.group, data.weight):
        raise BadCall(f"{data.target} cannot be the target and something else", hint="name another column")


def _answered_by(engine: str, env_manager: str, data: Dataset) -> None:
    """Whether models can be asked there."""
    if engine == "warehouse":
        said = f"a SQL warehouse runs no models, so --engine warehouse compares none on {data.uri}: it tells drift only"
        raise BadCall(said, hint=LOCALLY)
    if engine == "spark" and env_manager != "local":
        said = f"--engine spark does not go with --env-manager {env_manager}: its workers have a Python of their own"
        raise BadCall(said, hint="leave --env-manager out, or use --engine local on files")


def _complete(request: Request, data: Dataset, policy: Policy) -> None:
    """Whether whatever was said is about some data."""
    if (asked := request.eval_data.options) and not data:
        raise BadCall(f"{asked[0]} is about the rows of --eval-data, and none are named", hint="add --eval-data PATH")
    if data and not data.target:
        raise BadCall(f"which column of {data.uri} is the truth?", hint=NAME_THEM)
    watched = (policy.watch.current_data, policy.watch.labels) if request.watch_s is not None else ()
    if request.engine != "local" and not any((data, request.reference_data, request.current_data, *watched)):
        said = f"--engine {request.engine} counts the rows of data, and none are named"
        raise BadCall(said, hint="add --eval-data or --current-data, or leave --engine out")
