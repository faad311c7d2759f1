"""Exceptions mean a broken world; refusals are data (see finding.py)."""

from model_promotion.core.exits import ExitCode


class PromotionError(Exception):
    """The one family of errors: a sentence, the exit code it ends with, and what to type next.

    Attributes:
        code: the exit code this error ends a call with.
        hint: the next thing to type, or an empty string.
    """

    code = ExitCode.DEFECT

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotFound(PromotionError):
    """The model, version, alias or rollback target is not there."""

    code = ExitCode.NOT_FOUND


class NoRegistry(NotFound):
    """There is no registry at all where one was looked for."""


class Denied(PromotionError):
    """The registry knows who we are, or does not, and will not do it."""

    code = ExitCode.DENIED


class NotLoggedIn(Denied):
    """Nobody is logged in where data or a registry were to be read: a call that is to be made again, not a finding."""


class Unavailable(PromotionError):
    """The registry cannot be reached, does not answer in time, or does not make sense."""

    code = ExitCode.DENIED


class TimedOut(Unavailable):
    """No answer within the time allowed: what was asked may still happen."""


class Conflict(PromotionError):
    """Somebody else moved what was about to be moved."""

    code = ExitCode.REFUSED


class Paused(PromotionError):
    """Half done, and left so for somebody to decide: nothing is undone."""

    code = ExitCode.REFUSED


class Interrupted(PromotionError):
    """Somebody pressed Ctrl-C or sent SIGTERM."""

    code = ExitCode.INTERRUPTED


class BadCall(PromotionError):
    """The call itself is wrong: an argument or a file that came with it."""

    code = ExitCode.USAGE


class WrongValue(BadCall, ValueError):
    """A field of a job makes no sense.

    It is a ValueError too, so that a pydantic model of somebody else that holds a job reports it with its place.

    Attributes:
        key: the field, as `mlflow_service.registry_uri`; empty when several contradict each other.
    """

    def __init__(self, message: str, hint: str = "", key: str = "") -> None:
        super().__init__(f"{key}: {message}" if key else message, hint)
        self.key = key
