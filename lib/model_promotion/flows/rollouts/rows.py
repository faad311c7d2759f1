"""Which rows an endpoint is asked with: the team's own data where there are any, else what the version brings."""

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

from model_promotion.core.dataset import Dataset
from model_promotion.core.entities import Version
from model_promotion.core.errors import BadCall, Conflict, NotFound, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.request import Request
from model_promotion.core.rows import Rows, own_rows, taken
from model_promotion.core.run_inputs import RUN, logged_by
from model_promotion.core.say import count
from model_promotion.core.signature import Signature
from model_promotion.ports import RegistryReader
from model_promotion.world import World

MOST_ROWS = 1000


def own(version: Version, registry: RegistryReader) -> Rows:
    """The version's example, else rows made from its signature.

    Raises:
        Conflict: when nothing tells what it takes.
    """
    try:
        return own_rows(version.label, registry.metadata(version), partial(registry.artifact, version))
    except NotFound as error:
        raise Conflict(f"{version.label} cannot be asked: {error}", hint=error.hint) from error


def asked_with(version: Version, request: Request, world: World) -> Rows:
    """Rows of the evaluation data where there are any that can be read, else the version's own; it is said which.

    Raises:
        Conflict: when there are neither.
    """
    dataset = request.eval_data.filled(world.policy.evidence.dataset)
    instead = ""
    if dataset:
        try:
            rows = _replayed(dataset, version, request, world)
        except (PromotionError, ValueError) as error:
            instead = f" instead of rows of {dataset.uri}: {error}"
        else:
            return _said(rows, world, Kind.WORKING)
    rows = own(version, world.registry)
    return _said(replace(rows, told=f"{rows.told}{instead}"), world, Kind.WARNED if instead else Kind.WORKING)


def _said(rows: Rows, world: World, kind: Kind) -> Rows:
    world.renew()  # What it takes to read is not the promotion's time.
    world.voice.tell(Event(kind, "Endpoint", f"asked with {rows.told}"))
    return rows


def _replayed(dataset: Dataset, version: Version, request: Request, world: World) -> Rows:
    """The first rows, without what is no feature.

    Raises:
        PromotionError: when they cannot be read, or lack something.
        ValueError: when there are none, or the version's signature makes no sense.
    """
    from model_promotion.evidence.replayed import replayed

    if dataset.uri == RUN:
        logged = logged_by(world.registry.run(version), version.label, request.engine)
        dataset = replace(dataset, uri=logged.uri)
    signature = Signature.from_mlmodel(world.registry.metadata(version).get("signature"))
    with (
        tempfile.TemporaryDirectory(prefix="promote-rows-") as folder,
        world.engine(request.engine).open(dataset) as data,
    ):
        columns = taken(version.label, signature, data.columns, dataset.roles)
        if dataset.target in columns:
            raise BadCall(f"the version takes {dataset.target}, the truth, as an input")
        path = Path(folder) / "rows.parquet"
        data.write_head(MOST_ROWS, path)
        sent = replayed(path, columns)
        found = count(min(data.rows, MOST_ROWS), "row")
    return Rows(sent, f"{found} of {dataset.uri}")
