"""A job that is one call of the command, written in Python.

Its fields become the words that a person would have typed, and these are read by the command's own parser: so a field
means what the option of that name means, and a new option needs a new field and nothing else.
"""

import re
from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar, Self

from pydantic import Field, model_validator

from model_promotion.asked import Asked, asked
from model_promotion.connections.as_found import as_found
from model_promotion.core.errors import BadCall, PromotionError, WrongValue
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome, Refused
from model_promotion.core.selector import model_address
from model_promotion.job import carry_through
from model_promotion.jobs.job import Job, Locals
from model_promotion.options import parser
from model_promotion.services.logger import LoggedVoice
from model_promotion.services.values import FIELDS, File, Several
from model_promotion.settings import DEFAULT_TIMEOUT_S, settle

PROGRAM = "promote_model.py"
PLACES = ("registry_uri", "tracking_uri", "profile")
# The options whose names mean something else in Python or in a job.
FLAG = re.compile(r"--[a-z-]+")
FLAGS = {"alias": "--to", "source": "--from"}


class CommandJob(Job):
    """The options that every such job has, with the command's defaults.

    Attributes:
        model: `catalog.schema.model`, or any form that the command takes; by default `mlflow_service.registry_name`.
        registry_uri, tracking_uri, profile: beat those of `mlflow_service`.
        timeout: for all calls to the registry together, in seconds or as `2m`.
        alert: who is told how it ended, as --alert; beside whom `alerts_service` tells.
        raise_on_refusal: whether run() raises `Refused` where it otherwise answers an outcome that was refused.
    """

    DEED: ClassVar[str]

    model: str | None = None
    alias: str = "champion"
    to_stage: str | None = None
    sync_stages: bool = False
    reason: str = ""
    policy: File | None = None
    registry_uri: str | None = None
    tracking_uri: str | None = None
    profile: str | None = None
    timeout: float | str = DEFAULT_TIMEOUT_S
    alert: Several = Field(default=(), repr=False)
    raise_on_refusal: bool = False

    @classmethod
    def options(cls) -> dict[str, str]:
        """The fields that are options of the command, each with its flag."""
        own = set(cls.model_fields) - set(Job.model_fields) - {"model", "raise_on_refusal"}
        return {name: FLAGS.get(name, f"--{name.replace('_', '-')}") for name in sorted(own)}

    @model_validator(mode="after")
    def _checked(self) -> Self:
        """One place says where the registry is; and what contradicts itself is refused before anything is asked."""
        own = {name: value for name in PLACES if (value := getattr(self, name)) is not None}
        if self.model is not None:
            own["registry_name"] = model_address(self.model)[0]
        if any(getattr(self.mlflow_service, name) != value for name, value in own.items()):
            # The one door there is into a frozen model, while it is still being made.
            self.__dict__["mlflow_service"] = self.mlflow_service.model_copy(update=own)
        self.call()
        return self

    def call(self) -> Asked:
        """The call as the command would have understood it.

        Raises:
            WrongValue: when a value makes no sense, or two contradict each other.
        """
        try:
            return asked(parser(PROGRAM).parse_intermixed_args(self._words()), PROGRAM)
        except BadCall as error:
            raise self._in_terms_of_fields(error) from error

    def run(self) -> Locals:
        """Do it: `outcome`, and of it `model`, `version` (the one it is about, as a number) and `was`.

        Raises:
            Refused: when it was refused, and `raise_on_refusal` is set.
            PromotionError: when the registry could not be asked, or something that was named is not there.
        """
        voice = LoggedVoice(self.logger_service.logger())
        try:
            outcome = self._carried_through(voice)
        except PromotionError as error:
            voice.tell(Event(Kind.FAILED, self.DEED, str(error)))
            self._alert("Failed", str(error), voice)
            raise
        outcome = self._told(outcome, voice)
        if self.raise_on_refusal and not outcome.done:
            raise Refused(outcome)
        version = int(outcome.to) if outcome.to else None
        return {"outcome": outcome, "model": outcome.model, "version": version, "was": outcome.was}

    def _carried_through(self, voice: LoggedVoice) -> Outcome:
        call = self.call()
        try:
            with as_found():
                settings = settle(call.flags, call.request.model)
                voice.tell(Event(Kind.WORKING, "Registry", f"{settings.address}; policy: {settings.policy_source}"))
                return carry_through(call.request, settings, voice)
        except PromotionError:
            raise
        except Exception as error:
            defect = f"a defect of this program: {type(error).__name__}: {error}"
            raise PromotionError(defect, hint="please report it; --history shows what stands") from error

    def _told(self, outcome: Outcome, voice: LoggedVoice) -> Outcome:
        """The outcome in the log and to those who are to be told; what cannot be told never passes in silence."""
        for warning in outcome.warnings:
            voice.tell(Event(Kind.WARNED, "Warning", warning))
        voice.tell(Event(Kind.SUMMARY if outcome.done else Kind.FAILED, self.DEED, outcome.summary))
        for hint in (*outcome.hints, *([f"go back: {outcome.undo}"] if outcome.undo else [])):
            voice.tell(Event(Kind.HINT, "Next", hint))
        untold = self._alert("Completed" if outcome.done else "Refused", outcome.summary, voice)
        warnings = (*outcome.warnings, *untold)
        return replace(outcome, code=outcome.code or ExitCode.WARNED, warnings=warnings) if untold else outcome

    def _alert(self, ended: str, message: str, voice: LoggedVoice) -> tuple[str, ...]:
        """What went wrong with it, if anything did."""
        try:
            self.alerts_service.notify(title=f"{self.DEED} Job {ended}", message=message)
        except Exception as error:  # noqa: BLE001 - a channel of somebody else's, which may not undo what was done
            untold = f"the alert could not be sent: {type(error).__name__}: {error}"
            voice.tell(Event(Kind.WARNED, "Alert", untold))
            return (untold,)
        return ()

    def _words(self) -> list[str]:
        """What a person would have typed: everything that was given, and nothing that was not."""
        given = {name: getattr(self, name) for name in self.options() if name in self.model_fields_set}
        given |= {name: getattr(self.mlflow_service, name) for name in PLACES}
        words = [f"--model-name={self.named}"] if self.named else []
        for name, value in given.items():
            flag = self.options()[name]
            # What can be said several times is a tuple.
            said = value if isinstance(value, tuple) else (value,)
            given_here = [one for one in said if one is not None and one is not False]
            words += [flag if one is True else f"{flag}={one}" for one in given_here]
        return [*words, *self._mode_words()]

    @property
    def named(self) -> str:
        """The model as it was named; empty when it was not."""
        return self.mlflow_service.registry_name if self.model is None else self.model

    @abstractmethod
    def _mode_words(self) -> list[str]:
        """The words for what its fields do not say."""

    def _in_terms_of_fields(self, error: BadCall) -> WrongValue:
        """The parser names flags, who writes a job knows its fields."""
        for name, flag in self.options().items():
            before, mark, said = str(error).partition(f"argument {flag}: ")
            if mark and not before:
                return WrongValue(self._with_fields(said), FIELDS, name)
        return WrongValue(self._with_fields(str(error)), self._with_fields(error.hint))

    def _with_fields(self, said: str) -> str:
        """The same sentence with the names of fields where it has flags."""
        named = {flag: name for name, flag in self.options().items()}
        return FLAG.sub(lambda found: named.get(found[0], found[0]), said)
