"""An endpoint that was named and is not there promotes nothing."""

from typing import Any

import pytest

from model_promotion.core.errors import NotFound, Unavailable
from model_promotion.core.request import Mode, Request
from model_promotion.flows.named_endpoints import all_askable
from model_promotion.serving.memory_endpoints import MemoryEndpoints
from tests.worlds import MODEL, a_scene


@pytest.mark.parametrize("mode", [Mode.PROMOTE, Mode.CHECK, Mode.DRY_RUN])
@pytest.mark.parametrize("asked", [{"endpoints": ("foo",)}, {"canary": (5, 25)}, {"update_endpoints": True}])
def test_without_a_workspace_it_is_told_at_once_and_nothing_is_written(mode: Mode, asked: dict[str, Any]) -> None:
    scene = a_scene()
    with pytest.raises(Unavailable, match="there is no workspace here") as told:
        scene.promote("2", mode=mode, **asked)
    assert told.value.hint
    assert (scene.writer.sent, scene.aliases["champion"]) == ([], "1")


def test_a_name_that_the_workspace_does_not_know_promotes_nothing_not_even_by_force() -> None:
    scene = a_scene(endpoints=MemoryEndpoints().serve("churn", MODEL, v1=100))
    with pytest.raises(NotFound):
        scene.promote("2", endpoints=("churn", "foo"), force=True)
    assert (scene.writer.sent, scene.aliases["champion"]) == ([], "1")


def test_an_address_needs_no_workspace() -> None:
    scene = a_scene()
    assert scene.promote("2", mode=Mode.CHECK, endpoints=("http://127.0.0.1:5001",)).model == MODEL


def test_a_request_that_names_none_asks_for_none() -> None:
    all_askable(Request(Mode.PROMOTE, MODEL), a_scene().world)
