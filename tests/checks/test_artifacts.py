from typing import Any

import pytest

from model_promotion.checks import artifacts
from model_promotion.core.entities import ArtifactFile, Version
from model_promotion.core.errors import NotFound, Unavailable
from model_promotion.core.finding import Verdict
from tests.worlds import METADATA, MODEL, Registry, a_scene, a_witness


class Shelf(Registry):
    """A registry whose versions have these files."""

    paths: tuple[str, ...] = ("MLmodel",)

    def files(self, version: Version) -> list[ArtifactFile]:
        _ = version
        return [ArtifactFile(path, None) for path in self.paths]


class Away(Registry):
    """A registry whose files cannot be listed."""

    def files(self, version: Version) -> list[ArtifactFile]:
        raise Unavailable(f"the store of {version.label} does not answer")


def asked(registry: Registry, metadata: dict[str, Any] | None = None) -> Any:
    scene = a_scene(registry=registry)
    scene.registry.metadata_of["2"] = METADATA if metadata is None else metadata
    return artifacts.ask(a_witness(scene))


@pytest.mark.parametrize(
    ("paths", "verdict"),
    [
        (("MLmodel", "model.pkl"), Verdict.PASSED),
        (("model/MLmodel",), Verdict.PASSED),
        (("model.pkl",), Verdict.FAILED),
        (("MLmodel.txt",), Verdict.FAILED),
        ((), Verdict.FAILED),
    ],
)
def test_an_mlmodel_must_be_among_the_files(paths: tuple[str, ...], verdict: Verdict) -> None:
    shelf = Shelf()
    shelf.paths = paths
    assert asked(shelf).verdict is verdict


@pytest.mark.parametrize(
    ("metadata", "verdict"),
    [
        ({"flavors": {"python_function": {}}}, Verdict.PASSED),
        ({"flavors": {"python_function": {}}, "model_size_bytes": 2097152}, Verdict.PASSED),
        ({"flavors": {}}, Verdict.FAILED),
        ({"flavors": ["sklearn"]}, Verdict.FAILED),
        ({}, Verdict.FAILED),
    ],
)
def test_an_mlmodel_must_name_a_flavor(metadata: dict[str, Any], verdict: Verdict) -> None:
    assert asked(Shelf(), metadata).verdict is verdict


def test_the_size_is_said_in_mib() -> None:
    assert "2.00 MiB" in asked(Shelf(), {"flavors": {"sklearn": {}}, "model_size_bytes": 2097152}).sentence


def test_files_that_are_gone_fail_with_what_to_do() -> None:
    scene = a_scene()
    del scene.registry.metadata_of["2"]
    finding = artifacts.ask(a_witness(scene))
    assert (finding.verdict, bool(finding.hint)) == (Verdict.FAILED, True)


def test_a_store_that_does_not_answer_is_no_answer() -> None:
    with pytest.raises(Unavailable):
        asked(Away())


def test_the_double_finds_no_metadata_of_a_version_it_does_not_know() -> None:
    with pytest.raises(NotFound):
        Registry().metadata(Version(MODEL, "9"))
