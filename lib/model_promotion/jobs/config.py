"""A job out of a configuration file: YAML or TOML with a table `job`, in which KIND says which job it is."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator

from model_promotion.core.errors import BadCall, WrongValue
from model_promotion.core.trial import one_line
from model_promotion.jobs.promotion import PromotionJob
from model_promotion.jobs.rollback import RollbackJob
from model_promotion.services.values import Values

HINT = "for example: job: {KIND: PromotionJob, model: churn}"
AnyJob = PromotionJob | RollbackJob
KINDS = [kind.__name__ for kind in AnyJob.__args__]


class Config(Values):
    """What such a file holds."""

    job: Annotated[AnyJob, Field(discriminator="KIND")]

    @field_validator("job", mode="before")
    @classmethod
    def _of_a_kind_there_is(cls, job: object) -> object:
        """Pydantic would speak of tags and discriminators."""
        if not isinstance(job, dict):
            raise WrongValue("is no table of keys and values", HINT)
        if "KIND" not in job:
            raise WrongValue(f"it is missing; {_choices()}", HINT, "KIND")
        if job["KIND"] not in KINDS:
            raise WrongValue(f"there is no {job['KIND']!r}; {_choices(str(job['KIND']))}", HINT, "KIND")
        return job


def _choices(near: str = "") -> str:
    """The kinds there are, or the one that is meant."""
    likely = difflib.get_close_matches(near, KINDS, n=1)
    meant = f"; did you mean {likely[0]}?" if likely else ""
    return f"the kinds are {' and '.join(KINDS)}{meant}"


def load(path: Path | str) -> AnyJob:
    """The job that a file describes.

    Raises:
        BadCall: when it cannot be read, or says something that makes no sense, with the file and the key.
    """
    values = _read(Path(path))
    if not isinstance(values, dict):
        raise BadCall(f"{path} holds no table of keys and values", hint=HINT)
    try:
        return Config(**{str(key): value for key, value in values.items()}).job
    except WrongValue as error:
        # Pydantic puts the KIND into the place, where the file has none.
        said = str(error)
        for kind in KINDS:
            said = said.replace(f"job.{kind}", "job", 1)
        raise BadCall(f"{path}, {said}", hint=error.hint or HINT) from error


def _read(path: Path) -> Any:  # noqa: ANN401 - whatever YAML can say
    from model_promotion import yaml_text

    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text) if path.suffix == ".toml" else yaml_text.read(text)
    except OSError as error:
        raise BadCall(f"{path} cannot be read: {error.strerror}", hint="check the path") from error
    except (ValueError, RecursionError) as error:
        form = "TOML" if path.suffix == ".toml" else "YAML"
        raise BadCall(f"{path} is no {form}: {one_line(str(error))}", hint=HINT) from error
