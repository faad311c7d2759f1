"""What --auto looks for."""

from dataclasses import dataclass

from model_promotion.core.errors import BadCall

USUAL_TAG = ("best_model", "true")


@dataclass(frozen=True)
class Wanted:
    """What --auto looks for: a tag of the version and its value, the metric that ranks those that have it.

    Without the usual tag on any version a metric ranks them all; a tag that was named (it may be the usual one) must be
    there.
    """

    named: tuple[str, str] | None = None
    metric: str = ""

    @property
    def tag(self) -> tuple[str, str]:
        """The tag, whether it was named or not."""
        return self.named or USUAL_TAG

    @property
    def tagged(self) -> str:
        """The tag, as sentences name it."""
        return "=".join(self.tag)

    @property
    def options(self) -> tuple[str, ...]:
        """The same as options of the command line."""
        tag = ("--tag", self.tagged) if self.named else ()
        return ("--auto", *tag, *(("--metric", self.metric) if self.metric else ()))


def tag_wanted(text: str) -> tuple[str, str]:
    """A tag as typed: K=V.

    Raises:
        BadCall: when it is none.
    """
    key, mark, value = text.partition("=")
    if not (key and mark and value):
        raise BadCall(f"tag {text!r} is not written K=V", hint="for example --tag best_model=true")
    return key, value
