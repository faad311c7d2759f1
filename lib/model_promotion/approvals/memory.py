"""Signatures without keys: the double for tests."""

from pathlib import Path

from model_promotion.core.record import digest


class MemorySignatures:
    """A signature is the key's name and the text's digest; whoever is called like the key has made it."""

    def sign(self, text: str, key: Path) -> str:
        """What stands for a signature."""
        return f"{key} {digest(text)}"

    def wrong(self, text: str, signature: str, who: str, allowed: Path) -> str:  # noqa: ARG002 - everybody is allowed
        """Whether the text and the name are those of the signature."""
        return "" if signature == f"{who} {digest(text)}" else "it is another's"
