"""A copy of another model's version: where it came from, and what it does not take along."""

from collections.abc import Mapping
from dataclasses import dataclass

from model_promotion.core.entities import Version

ORIGIN_TAG = "promotion_origin"
COPY_TAG = "promotion_copy"
NOT_TAKEN = ("promotion_", "approval")
APPROVED = "approved"


@dataclass(frozen=True)
class NewModel:
    """A registered model that is made for its first copy."""

    model: str

    @property
    def sentence(self) -> str:
        """What is made, for a person."""
        return f"the registered model {self.model}: made"


@dataclass(frozen=True)
class Copy:
    """A version of another model, to become the next version of `model`; `id` tells this copy from any other."""

    source: str
    number: str
    model: str
    id: str

    @property
    def origin(self) -> str:
        """The value of the tag that says where a copy came from."""
        return f"{self.source}/{self.number}"

    @property
    def sentence(self) -> str:
        """What is made, for a person."""
        return f"a version of {self.model}: copied from {self.origin}, tagged {ORIGIN_TAG} and {COPY_TAG}"

    @property
    def address(self) -> str:
        """The source, as MLflow addresses it."""
        return f"models:/{self.origin}"

    def tags(self, of_source: Mapping[str, str]) -> dict[str, str]:
        """The tags of the copy: the source's, but for what was said about the source itself, and the two of ours."""
        return {**inherited(of_source), ORIGIN_TAG: self.origin, COPY_TAG: self.id}


def inherited(tags: Mapping[str, str]) -> dict[str, str]:
    """What a copy may know: an approval is for one version, and holds and notes of ours belong to one model.

    A Databricks deployment job takes any tag that starts with 'approval' and says 'Approved' for an approval.
    """
    return {
        key: value
        for key, value in tags.items()
        if not key.lower().startswith(NOT_TAKEN) and value.strip().lower() != APPROVED
    }


def may_be_copy(version: Version, source: Version) -> bool:
    """Whether it can have come from the source, by what every search tells.

    A copy keeps the run of its source, and is younger: under the name and number of one that was deleted another may
    stand by now.
    """
    same_run = version.run_id == source.run_id or not (version.run_id and source.run_id)
    return same_run and not 0 < version.created_at < source.created_at


def is_copy(version: Version, source: Version) -> bool:
    """Whether its tags say that it came from there, and nothing speaks against it."""
    return version.tags.get(ORIGIN_TAG) == f"{source.model}/{source.number}" and may_be_copy(version, source)
