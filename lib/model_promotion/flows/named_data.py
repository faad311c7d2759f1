"""Data that are named and not there are a wrong call, also where there is nothing left to do with them."""

from pathlib import Path

from model_promotion.core.errors import BadCall
from model_promotion.core.request import Request
from model_promotion.core.run_inputs import RUN


def all_there(request: Request) -> None:
    """Whether the files that were named exist; a table only its engine knows, and asking that takes long.

    Raises:
        BadCall: when one does not.
    """
    if request.engine != "local":
        return
    for uri in request.data:
        path = Path(uri.removeprefix("file://"))
        if uri != RUN and not path.exists():
            raise BadCall(f"there is no data at {path}", hint="name a file, a directory, or another --engine")
