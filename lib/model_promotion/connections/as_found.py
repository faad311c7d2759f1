"""What MLflow has once for a whole process, its addresses above all: lent to a job, and given back as it was found."""

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator

from model_promotion.connections.address import Address
from model_promotion.connections.mlflow import HUSHED, LENT, environ_restored, look_at

_one_at_a_time = threading.RLock()
_looked_at_first: list[tuple[str | None, str | None]] = []
_looking_at: list[list[str]] = []  # The newest last; a list, so that two equal ones are two.


@contextlib.contextmanager
def as_found() -> Iterator[None]:
    """Afterwards MLflow looks where it looked before, is as loud, and the environment holds nothing of ours.

    What is there once cannot be lent to two at the same time: another thread waits.
    """
    # MLflow sets its loggers up when it is imported, so before that there is nothing to be found.
    import mlflow  # noqa: F401

    with _one_at_a_time, warnings.catch_warnings(), environ_restored(*LENT):
        levels = {name: logging.getLogger(name).level for name in HUSHED}
        addresses = _addresses()
        try:
            yield
        finally:
            look_at(*addresses)
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def looking_at(address: Address) -> Iterator[None]:
    """MLflow's own functions look there meanwhile, and afterwards where they did, in whatever order several end."""
    mine = [address.tracking_uri, address.registry_uri]
    with _one_at_a_time:
        if not _looking_at:
            _looked_at_first[:] = [_addresses()]
        _looking_at.append(mine)
        look_at(*mine)
    try:
        yield
    finally:
        with _one_at_a_time:
            _looking_at[:] = [one for one in _looking_at if one is not mine]
            look_at(*(_looking_at or _looked_at_first)[-1])


def _addresses() -> tuple[str | None, str | None]:
    """The addresses that MLflow was told, None where it goes by the environment; it hands out no more than a mix."""
    from mlflow.tracking._model_registry import utils as registry
    from mlflow.tracking._tracking_service import utils as tracking

    return getattr(tracking, "_tracking_uri", None), getattr(registry, "_registry_uri", None)
