from pathlib import Path

import pytest

from model_promotion.core.entities import Version
from model_promotion.core.errors import NotFound
from model_promotion.core.steps import SetAlias, SetTag
from model_promotion.registries.memory import MemoryRegistry, MemoryWriter

M = "shop.pricing.churn"


@pytest.fixture
def registry() -> MemoryRegistry:
    made = MemoryRegistry()
    for number in ("9", "10"):
        made.add(Version(M, number))
    return made


def test_versions_come_highest_number_first(registry: MemoryRegistry) -> None:
    assert [version.number for version in registry.versions(M)] == ["10", "9"]


@pytest.mark.parametrize("ask", [lambda one: one.model("x"), lambda one: one.version(M, "1")])
def test_what_is_missing_is_not_found(registry: MemoryRegistry, ask: object) -> None:
    with pytest.raises(NotFound):
        ask(registry)  # type: ignore[operator]


def test_aliases_and_tags_are_written_and_removed(registry: MemoryRegistry) -> None:
    writer = MemoryWriter(registry)
    steps = (SetAlias(M, "champion", None, "9"), SetTag(M, "k", None, "v"), SetTag(M, "k", None, "v", "9"))
    for step in steps:
        writer.write(step)
    assert (registry.model(M).aliases, registry.model(M).tags) == ({"champion": "9"}, {"k": "v"})
    assert registry.version(M, "9").tags == {"k": "v"}
    for step in steps:
        writer.write(step.undone())
    assert (registry.model(M).aliases, registry.model(M).tags, registry.version(M, "9").tags) == ({}, {}, {})
    assert len(writer.written) == 6


def test_an_alias_cannot_point_at_a_version_that_is_not_there(registry: MemoryRegistry) -> None:
    with pytest.raises(NotFound):
        MemoryWriter(registry).write(SetAlias(M, "champion", None, "1"))
    assert registry.model(M).aliases == {}


def test_what_was_read_does_not_change_when_something_is_written(registry: MemoryRegistry) -> None:
    before = registry.model(M)
    MemoryWriter(registry).write(SetAlias(M, "champion", None, "9"))
    assert before.aliases == {}


def test_metrics_that_are_not_there_are_not_found(registry: MemoryRegistry) -> None:
    with pytest.raises(NotFound):
        registry.metrics(registry.version(M, "9"))


def test_a_run_that_is_not_there_is_not_found(registry: MemoryRegistry) -> None:
    with pytest.raises(NotFound, match="no run"):
        registry.run(registry.version(M, "9"))


def test_each_version_is_downloaded_into_a_folder_of_its_own(registry: MemoryRegistry, tmp_path: Path) -> None:
    paths = {registry.download(version, tmp_path) for version in registry.versions(M)}
    assert len(paths) == 2
    assert all(path.is_dir() for path in paths)
