"""The promotion of one version, as a job."""

from typing import ClassVar, Literal

from model_promotion.core.selector import model_address
from model_promotion.jobs.command import CommandJob
from model_promotion.services.values import File, Several, VersionNumber


class PromotionJob(CommandJob):
    """Promotes a version; the fields have the names and defaults of the command's options, without the dashes.

    An option of a promotion that is added to options.py is added here, as a field of that name and default.

    Attributes:
        version: the candidate. None is the latest one, unless `source`, `from_stage` or the address in `model`
            (`churn@staging`, `churn:1.2.0`) says which.
        source: the candidate's alias, as --from.
        alias: the alias to move, as --to.
        if_better: metrics, each as `f1` or, with a minimum gain, `f1:0.01`; one alone may be a text.
    """

    DEED: ClassVar[str] = "Promotion"

    KIND: Literal["PromotionJob"] = "PromotionJob"

    version: VersionNumber | None = None
    source: str | None = None
    from_stage: str | None = None
    dry_run: bool = False
    force: bool = False
    compare_metrics: bool = False
    run_tests: bool = False
    tests: Several = ()
    junit_xml: File | None = None
    env_manager: Literal["local", "uv"] = "local"
    copy_from: str | None = None
    eval_data: str | None = None
    target: str | None = None
    id: str | None = None
    group: str | None = None
    weight: str | None = None
    reference_data: str | None = None
    current_data: str | None = None
    engine: Literal["local", "spark", "warehouse"] = "local"
    endpoint: Several = ()
    load_test: str | None = None
    update_endpoints: bool = False
    canary: str | None = None
    bake: str | None = None
    watch: str | None = None
    if_better: Several = ()
    else_alias: str | None = None
    metadata_file: File | None = None
    approver: str | None = None
    report_file: File | None = None

    def _mode_words(self) -> list[str]:
        """A pipeline promotes what it has just registered; at a terminal it is what stands behind @staging."""
        in_address = model_address(self.named)[1] if self.named else None
        said = (self.version, self.source, self.from_stage, in_address)
        return [] if any(one is not None for one in said) else ["--version=latest"]
