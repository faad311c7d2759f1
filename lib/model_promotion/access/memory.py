"""Rights as given: the double for tests."""

from dataclasses import dataclass

from model_promotion.core.entities import Identity, Rights

ALLOWED = Rights(may_move_aliases=True, may_set_tags=True, because="you own it")


@dataclass
class MemoryAccess:
    """Answers what it was made with."""

    identity: Identity = Identity("tester", vouched_by="test")
    granted: Rights = ALLOWED
    executes: bool | None = True

    def me(self) -> Identity:
        """The identity given."""
        return self.identity

    def rights(self, model: str) -> Rights:  # noqa: ARG002 - the same for every model
        """The rights given."""
        return self.granted

    def may_execute(self, model: str, who: str) -> bool | None:  # noqa: ARG002 - as above
        """The answer given."""
        return self.executes
