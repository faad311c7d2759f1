"""Copying a version within what MLflow can talk to; what failed half way is taken away again.

MLflow's own copy_model_version hands on every tag, an approval too, so that for a moment the copy would be approved.
And for a version without a logged model it makes an empty model and then fails (mlflow#22012). And it names the source
version as the origin of the copy, of which an SQL store keeps the files but not the logged model with its metrics.
This makes the same request with the tags that may be inherited, and names a logged model where there is one.
"""

from contextlib import suppress
from typing import Any

from model_promotion.connections.faults import translated
from model_promotion.connections.mlflow import every_page, name_filter
from model_promotion.core.copying import COPY_TAG, Copy
from model_promotion.core.entities import READY
from model_promotion.core.errors import Denied, NotFound
from model_promotion.registries._entities import logged_model_of

NEWEST = 20


def copied(client: Any, copy: Copy, made_for: set[str]) -> str:  # noqa: ANN401 - the client's type lives in mlflow
    """The number of the copy; its id is put among those that a model was `made_for`.

    A database moves nothing; for Unity Catalog the client moves every file twice.
    """
    source = client.get_model_version(copy.source, copy.number)
    address, model_id = _origin(client, source, copy)
    if _made_if_missing(client, copy.model):
        made_for.add(copy.id)
    try:
        made = client.create_model_version(
            copy.model,
            address,
            run_id=source.run_id or None,
            tags=copy.tags(dict(source.tags)),
            run_link=source.run_link or None,
            description=source.description or None,
            await_creation_for=0,
            model_id=model_id,
        )
    except Exception:
        # The reply may be lost and the copy be there: then it is taken as made.
        # What cannot be tidied now is found and told by the next call; the error is what counts.
        with suppress(Exception):
            if number := uncopied(client, copy, made_model=copy.id in made_for):
                return number
        raise
    return str(made.version)


def _origin(client: Any, source: Any, copy: Copy) -> tuple[str, str | None]:  # noqa: ANN401 - as above
    """What the copy is made from, and its logged model: the logged model itself where only the source names one.

    One that is deleted, or that we may not read, cannot be named; the files are those of the version all the same.
    """
    told = getattr(source, "model_id", None) or None
    named = logged_model_of(source)
    if told or not named:
        return copy.address, told
    try:
        client.get_logged_model(named)
    except Exception as error:
        if not isinstance(translated(error, "read the logged model"), NotFound | Denied):
            raise
        return copy.address, None
    return f"models:/{named}", named


def _made_if_missing(client: Any, model: str) -> bool:  # noqa: ANN401 - as above
    """Whether the registered model was not there, and is made."""
    try:
        client.get_registered_model(model)
    except Exception as error:
        if getattr(error, "error_code", "") not in ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"):
            raise
    else:
        return False
    try:
        client.create_registered_model(model)
    except Exception as error:
        if getattr(error, "error_code", "") != "RESOURCE_ALREADY_EXISTS":
            raise
        return False  # Somebody else was faster, so it is theirs.
    return True


def uncopied(client: Any, copy: Copy, *, made_model: bool) -> str | None:  # noqa: ANN401 - as above
    """The number of our copy if it is whole; else it goes, and the model that was made for it if that is empty."""
    there = [client.get_model_version(copy.model, one.version) for one in _versions(client, copy.model)]
    for ours in (one for one in there if one.tags.get(COPY_TAG) == copy.id):
        if ours.status == READY:
            return str(ours.version)
        client.delete_model_version(copy.model, ours.version)
    if made_model and not _versions(client, copy.model):
        client.delete_registered_model(copy.model)
    return None


def _versions(client: Any, model: str) -> list[Any]:  # noqa: ANN401 - as above
    """The newest of a model's versions; Unity Catalog's search leaves their tags out."""
    found = every_page(lambda token: client.search_model_versions(name_filter(model), page_token=token))
    return sorted(found, key=lambda one: -int(one.version))[:NEWEST]
