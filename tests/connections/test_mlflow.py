import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_promotion.clocks import SystemClock
from model_promotion.connections.address import resolve
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.mlflow import MlflowConnection
from model_promotion.core.errors import Unavailable


def test_a_dead_host_is_waited_for_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        door = server.getsockname()
    uri = f"http://127.0.0.1:{door[1]}"
    connection = MlflowConnection(resolve(uri, None, "test"), Deadline(20, SystemClock()))

    def ask(_: int) -> str:
        with pytest.raises(Unavailable, match="cannot reach") as dead:
            connection.under(Deadline(20, SystemClock())).call("read model m", lambda _: None)
        return str(dead.value)

    first = ask(0)
    with socket.create_server(door) as listener, ThreadPoolExecutor(2) as pool:
        # Whoever knocks now would be let in, and is not: the answer is known.
        assert set(pool.map(ask, range(2))) == {first}
        listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
        with pytest.raises(BlockingIOError):
            listener.accept()
