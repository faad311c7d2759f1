"""What the stories of jobs share: a world in memory that every job of the test works in."""

from dataclasses import replace
from pathlib import Path

import pytest

from model_promotion import AlertsService, wiring
from tests.worlds import Scene, a_scene

__all__ = ["Heard", "scene"]


class Heard(AlertsService):
    """A channel that keeps what it was told; it breaks when it is told to."""

    told: list[tuple[str, str]] = []  # noqa: RUF012 - pydantic copies it for each
    broken: bool = False

    def notify(self, title: str, message: str) -> None:
        if self.broken:
            raise ConnectionError("nobody answers at the pager")
        self.told.append((title, message))


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scene:
    monkeypatch.chdir(tmp_path)
    made = a_scene()
    monkeypatch.setattr(wiring, "plug_in", lambda _settings, voice: replace(made.world, voice=voice))
    return made
