"""An extra is installed from the folder of this program."""

import tomllib
from pathlib import Path

import pytest

from model_promotion.core.installing import extra

REPO = Path(__file__).parents[2]
EXTRAS = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


@pytest.mark.parametrize("name", ["spark", "duckdb", "trend", "alerts"])
def test_what_is_told_to_install_is_an_extra_and_needs_no_index(name: str) -> None:
    assert name in EXTRAS
    assert extra(name).startswith(f"pip install '.[{name}]'")


def test_nothing_tells_to_install_it_from_an_index() -> None:
    told = "pip install 'promote-" + "model["
    texts = [REPO / "README.md", *(REPO / "lib").rglob("*.py"), *(REPO / "tests").rglob("*.py")]
    assert [path for path in texts if told in path.read_text(encoding="utf-8")] == []
