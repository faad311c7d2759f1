"""The way back, as a job."""

from typing import ClassVar, Literal

from model_promotion.jobs.command import CommandJob
from model_promotion.services.values import File, VersionNumber


class RollbackJob(CommandJob):
    """Goes back to the last verified version, as --rollback, or to `to_version`; it then holds the version it left."""

    DEED: ClassVar[str] = "Rollback"

    KIND: Literal["RollbackJob"] = "RollbackJob"

    to_version: VersionNumber | None = None
    report_file: File | None = None

    def _mode_words(self) -> list[str]:
        return ["--rollback"]
