"""Values that are checked when they are made and never change: the form of jobs and of services."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from model_promotion.core.errors import BadCall, WrongValue
from model_promotion.core.redaction import redacted
from model_promotion.core.selector import NUMBER

FIELDS = "the fields are in the README under From Python"
# A configuration file has texts only.
File = Annotated[Path, Field(strict=False)]
WORDS = {
    "greater_than_equal": "versions are counted from 1",
    "extra_forbidden": "there is no such field",
    "tuple_type": "give one text, or several in a list",
}


def _several(said: object) -> object:
    """One text is a tuple of one: taken as it stands it would be a tuple of letters to nobody, and to pydantic none."""
    if isinstance(said, str):
        return (said,)
    return tuple(said) if isinstance(said, list) else said


# What the command takes several times; a configuration file has lists only.
Several = Annotated[tuple[str, ...], BeforeValidator(_several)]


def _number(said: object) -> object:
    """MLflow's own ModelVersion.version is a text of digits."""
    return int(said) if isinstance(said, str) and NUMBER.fullmatch(said) else said


VersionNumber = Annotated[int, BeforeValidator(_number), Field(ge=1)]


class Values(BaseModel):
    """A pydantic model whose errors are of our family.

    Raises:
        WrongValue: when a value is of another type, makes no sense, or is none that there is.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - the fields of whatever is derived from this
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _first_of(error) from error
        except BadCall as error:
            raise WrongValue(str(error), error.hint) from error

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """The fields as they are shown: an address may have a password in it."""
        for name, value in super().__repr_args__():
            yield name, redacted(value) if isinstance(value, str) else value


def _first_of(error: ValidationError) -> WrongValue:
    """The first of its complaints; one that is ours already, from a service in a job, gets the place in front."""
    first = error.errors()[0]
    within = first.get("ctx", {}).get("error")
    ours = within if isinstance(within, WrongValue) else None
    key = ".".join([*map(str, first["loc"]), *([ours.key] if ours and ours.key else [])])
    said = str(ours).removeprefix(f"{ours.key}: ") if ours else WORDS.get(first["type"], first["msg"])
    return WrongValue(said, ours.hint if ours else FIELDS, key)
