"""One page of a list, as the APIs hand it out: the token is the place to go on from."""

from collections.abc import Sequence
from typing import Any

from tests.workspace.wire import Call


def page(call: Call, items: Sequence[Any], usual: int = 100) -> tuple[Sequence[Any], dict[str, str]]:
    """The items of the asked page, and {"next_page_token": ...} if there are more."""
    start = int(call.arg("page_token") or 0)
    end = start + (int(call.arg("max_results") or 0) or usual)
    return items[start:end], {"next_page_token": str(end)} if end < len(items) else {}
