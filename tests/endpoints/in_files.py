"""A third serving backend, as somebody would write one: its endpoints are files, their entities share one server."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from model_promotion.connections.address import Address
from model_promotion.connections.lines import Lines
from model_promotion.core.deployment import Deployment, ServedEntity, ServingStep, SetServed
from model_promotion.core.entities import Endpoint
from model_promotion.core.errors import NotFound
from model_promotion.core.load import Destination

NAMED_BY = "name"
FOLDER = "ENDPOINTS_IN_FILES"


def is_for(registry: Address) -> bool:
    """Whether somebody has such files, and no workspace."""
    return FOLDER in os.environ and not registry.is_databricks


@dataclass(frozen=True)
class EndpointsInFiles:
    """Whatever is written serves at once."""

    folder: Path
    scope = "these files"

    def endpoints(self, model: str, *, on_their_way: bool = False) -> Sequence[Endpoint]:  # noqa: ARG002 - they never are
        seen = [self.deployment(path.stem) for path in self.folder.glob("*.json")]
        serves = {one.endpoint: {e.number: e.share_pct for e in one.entities if e.model == model} for one in seen}
        return [
            Endpoint(name, shares, ready=True, updating=False, state="READY")
            for name, shares in serves.items()
            if shares
        ]

    def deployment(self, name: str) -> Deployment:
        entities = tuple(ServedEntity(**one, state="ready") for one in self._read(name)["entities"])
        return Deployment(name, entities, ready=True, updating=False, may_manage=True)

    def target(self, name: str, entity: str) -> Destination:
        return Destination(f"{name}/{entity}".rstrip("/"), self._read(name)["server"])

    def metrics(self, name: str) -> str:
        return f"# nothing is counted of {name}\n"

    def write(self, step: ServingStep) -> None:
        shares = {one.name: one for one in self.deployment(step.endpoint).entities}
        if not isinstance(step, SetServed):
            given = step.to - shares[step.entity].share_pct
            for name, pct in ((step.entity, given), (step.source, -given)):
                shares[name] = replace(shares[name], share_pct=shares[name].share_pct + pct)
        elif step.to is None:
            del shares[step.entity]
        else:
            shares[step.entity] = ServedEntity(step.entity, step.model, step.to)
        kept = [{key: asdict(one)[key] for key in ("name", "model", "number", "share_pct")} for one in shares.values()]
        content = {**self._read(step.endpoint), "entities": kept}
        (self.folder / f"{step.endpoint}.json").write_text(json.dumps(content), encoding="utf-8")

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / f"{name}.json"
        if not path.is_file():
            raise NotFound(f"there is no endpoint {name}")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def reader(lines: Lines) -> EndpointsInFiles:  # noqa: ARG001 - files need no connection
    """The endpoints, to be looked at."""
    return EndpointsInFiles(Path(os.environ[FOLDER]))


writer = reader
