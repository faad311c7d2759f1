"""An entity with a real server behind it: requests are passed on, and what the server says goes back as it is."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from tests.workspace.wire import Reply

WITHIN_S = 60.0


class Forward:
    """For Workspace.serve(): the model is whatever serves at this address."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc

    def __call__(self, payload: dict[str, Any]) -> Reply:
        """One connection a request: none is kept that the server may just be closing."""
        connection = HTTPConnection(self._host, timeout=WITHIN_S)
        try:
            connection.request("POST", "/invocations", json.dumps(payload), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return Reply(answer.status, json.loads(answer.read()))
        except (OSError, HTTPException, ValueError) as error:
            return Reply(503, {"error_code": "TEMPORARILY_UNAVAILABLE", "message": f"the container: {error}"})
        finally:
            connection.close()
