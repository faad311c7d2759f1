"""What several checks ask for is fetched once, and what was fetched is gone when the asking ends."""

from pathlib import Path

from model_promotion.core.entities import Version
from tests.worlds import Registry, a_scene, a_witness, version


class Counting(Registry):
    """A registry that keeps what was downloaded."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def download(self, version: Version, into: Path) -> Path:
        self.fetched.append(version.number)
        return super().download(version, into)


def test_the_files_of_a_version_are_downloaded_once_however_many_ask_for_them() -> None:
    registry = Counting()
    with a_witness(a_scene(version("1"), version("2"), registry=registry)) as witness:
        candidate, champion = witness.plan.candidate, witness.plan.champion
        assert champion
        first, again, other = witness.files(candidate), witness.files(candidate), witness.files(champion)
        assert first == again != other
        assert first.is_dir()
        assert other.is_dir()
    assert registry.fetched == ["2", "1"]
    assert not first.exists()
    assert not other.exists()
