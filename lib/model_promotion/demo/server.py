"""A real MLflow scoring server for the demo: in a thread, so that it ends with the demo, however that ends."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from model_promotion.connections.mlflow import environ_restored, hush

TICK_S = 0.02
IN_SERVING = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"


@contextmanager
def serving(model_uri: str) -> Iterator[str]:
    """The address of a server of this model, on this machine only.

    Raises:
        RuntimeError: when it does not start.
    """
    import uvicorn

    config = uvicorn.Config(
        _app(model_uri), host="127.0.0.1", port=0, log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="scoring server", daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(TICK_S)
            if not thread.is_alive():
                raise RuntimeError("the scoring server ended before it answered")
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _app(model_uri: str) -> Any:  # noqa: ANN401 - fastapi's type
    """What `mlflow models serve` runs; it marks the environment as one that serves, which this one does not."""
    hush()
    from mlflow.pyfunc import load_model, scoring_server

    with environ_restored(IN_SERVING):
        return scoring_server.init(load_model(model_uri))
