"""What --metadata-file tells the rest of a pipeline about the version that was, or was not, promoted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model_promotion.core.entities import Run
from model_promotion.core.jsonable import jsonable

SCHEMA_VERSION = 1
IN_EVERY_MODEL = "python_function"


@dataclass(frozen=True)
class Metadata:
    """A version and where it stands now: behind `alias` and in `stage`, None where it is in none.

    `promoted_to_production` says whether it stands where --to (or --to-stage) says; `summary` is why, or why not. Where
    a call ended without any version, `version` is None.
    """

    run_id: str
    model_name: str
    version: str | None
    metrics: Mapping[str, float]
    promoted_to_production: bool
    alias: str | None
    stage: str | None
    model_type: str | None
    params: Mapping[str, str]
    summary: str

    @property
    def text(self) -> str:
        """The file: each metric stands under `metrics`, and at the top as well unless a field has its name."""
        body: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **jsonable(self)}
        return json.dumps({**body["metrics"], **body}, indent=2, sort_keys=True, allow_nan=False) + "\n"


def model_type(run: Run, mlmodel: Mapping[str, Any]) -> str | None:
    """What kind of model it is: as the run says, else as autologging says, else the flavor it was saved in."""
    flavors = mlmodel.get("flavors")
    own = [name for name in flavors if name != IN_EVERY_MODEL] if isinstance(flavors, Mapping) else []
    told = (run.params.get("model_type"), run.tags.get("model_type"), run.tags.get("estimator_name"), *own)
    return next((str(name) for name in told if name), None)
