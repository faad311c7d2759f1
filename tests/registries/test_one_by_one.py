from collections.abc import Sequence

import pytest

from model_promotion.core.entities import Version
from model_promotion.core.errors import Denied, NotFound, PromotionError, Unavailable
from model_promotion.registries._one_by_one import all_of, the_one
from model_promotion.registries.memory import MemoryRegistry


class Guarded(MemoryRegistry):
    """Models a, b and c with two versions each; reading something of b ends with `error`."""

    def __init__(self, where: str = "", error: PromotionError | None = None) -> None:
        super().__init__()
        self.where, self.error = where, error
        for name in "abc":
            for number in "12":
                self.add(Version(name, number))

    def version(self, name: str, number: str) -> Version:
        self._meet(name, f"version {number}")
        return super().version(name, number)

    def versions(self, name: str) -> Sequence[Version]:
        self._meet(name, "versions")
        return super().versions(name)

    def _meet(self, name: str, what: str) -> None:
        if self.error and (name, what) == ("b", self.where):
            raise self.error


@pytest.mark.parametrize("error", [Denied("no EXECUTE"), NotFound("it is gone")], ids=["denied", "gone"])
@pytest.mark.parametrize("where", ["versions", "version 1", "version 2"])
def test_of_a_model_that_cannot_be_read_as_a_whole_nothing_is_told_but_why(where: str, error: PromotionError) -> None:
    listed = all_of(Guarded(where, error), ["c", "b", "a"])
    told = [(one.model.name, [version.number for version in one.versions], one.not_readable) for one in listed]
    assert told == [("a", ["2", "1"], ""), ("b", [], str(error)), ("c", ["2", "1"], "")]


@pytest.mark.parametrize("where", ["versions", "version 1"])
def test_a_registry_that_is_down_ends_the_list(where: str) -> None:
    with pytest.raises(Unavailable):
        all_of(Guarded(where, Unavailable("no answer")), ["a", "b", "c"])


@pytest.mark.parametrize("where", ["versions", "version 1"])
def test_the_model_that_was_asked_for_is_read_or_the_call_fails(where: str) -> None:
    with pytest.raises(Denied):
        the_one(Guarded(where, Denied("no EXECUTE")), "b")
    assert the_one(Guarded(), "nobody") == []
    assert [version.number for version in the_one(Guarded(), "b")[0].versions] == ["2", "1"]
