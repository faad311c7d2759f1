"""A job out of a file, and our jobs in the settings of somebody else."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from model_promotion import BadCall, ExitCode, Job, Locals, PromotionJob, RollbackJob
from model_promotion.jobs import load

YAML = """\
job:
  KIND: PromotionJob
  model: churn
  alias: Champion
  version: 3
  policy: team.toml
  raise_on_refusal: true
  logger_service: {level: DEBUG}
  mlflow_service:
    registry_uri: sqlite:///mlflow.db
"""
TOML = """\
[job]
KIND = "PromotionJob"
model = "churn"
alias = "Champion"
version = 3
policy = "team.toml"
raise_on_refusal = true
logger_service = {level = "DEBUG"}
[job.mlflow_service]
registry_uri = "sqlite:///mlflow.db"
"""


def written(folder: Path, text: str, name: str = "job.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "name"), [(YAML, "job.yaml"), (YAML, "job.yml"), (TOML, "job.toml")])
def test_a_job_is_chosen_by_its_kind(text: str, name: str, tmp_path: Path) -> None:
    job = load(written(tmp_path, text, name))
    assert job == PromotionJob(
        model="churn",
        alias="Champion",
        version=3,
        policy=Path("team.toml"),
        raise_on_refusal=True,
        logger_service={"level": "DEBUG"},
        mlflow_service={"registry_uri": "sqlite:///mlflow.db"},
    )


def test_another_kind_is_another_job(tmp_path: Path) -> None:
    job = load(str(written(tmp_path, "job: {KIND: RollbackJob, model: churn, to_version: 2}")))
    assert job == RollbackJob(model="churn", to_version=2)


@pytest.mark.parametrize("said", ["f1", "[f1]"])
def test_what_can_be_said_several_times_is_a_text_or_a_list(said: str, tmp_path: Path) -> None:
    job = load(written(tmp_path, f"job: {{KIND: PromotionJob, model: churn, if_better: {said}}}"))
    assert job == PromotionJob(model="churn", if_better=("f1",))


def test_json_is_yaml_too(tmp_path: Path) -> None:
    assert load(written(tmp_path, '{"job": {"KIND": "RollbackJob", "model": "churn"}}', "job.json"))


# text -> what is said after the file's name
WRONG = {
    "nothing": ("", "holds no table"),
    "a list": ("- 1", "holds no table"),
    "no YAML": ("job: [", "is no YAML: while parsing a flow node"),
    "a key twice": ("job: {KIND: RollbackJob, model: a, model: b}", "is no YAML: model stands there twice"),
    "a number of eights": (
        "job: {KIND: PromotionJob, model: a, version: 010}",
        "is no YAML: 010 may be another number",
    ),
    "a password in no YAML": ("job: {uri: 'https://bob:pass@host\n b: [", "is no YAML: while scanning"),
    "a tag that runs code": ("job: !!python/object/apply:os.system [ls]", "is no YAML: could not determine"),
    "another table": ("jobs: {}", "job: Field required"),
    "one more table": ("{job: {KIND: RollbackJob, model: m}, jobs: 1}", "jobs: there is no such field"),
    "no kind": ("job: {model: churn}", "job.KIND: it is missing; the kinds are PromotionJob and RollbackJob"),
    "an unknown kind": (
        "job: {KIND: Training}",
        "job.KIND: there is no 'Training'; the kinds are PromotionJob and RollbackJob",
    ),
    "a kind that is nearly one": (
        "job: {KIND: promotionjob}",
        "job.KIND: there is no 'promotionjob'; the kinds are PromotionJob and RollbackJob; did you mean PromotionJob?",
    ),
    "a kind that is a list": ("job: {KIND: [1]}", "job.KIND: there is no [1]; the kinds are"),
    "a kind on two lines": ('job: {KIND: "Promotion\\nJob"}', "job.KIND: there is no 'Promotion\\nJob'; the kinds are"),
    "a job that is a number": ("job: 7", "job: is no table of keys and values"),
    "a metric that is a number": (
        "job: {KIND: PromotionJob, model: m, if_better: 7}",
        "job.if_better: give one text, or several in a list",
    ),
    "a wrong type": (
        "job: {KIND: PromotionJob, model: m, version: 'three'}",
        "job.version: Input should be a valid int",
    ),
    "an unknown key": ("job: {KIND: PromotionJob, model: m, from: x}", "job.from: there is no such field"),
    "a key of a service": (
        "job: {KIND: PromotionJob, model: m, mlflow_service: {registry: x}}",
        "job.mlflow_service.registry: there is no such field",
    ),
    "a reserved alias": ("job: {KIND: PromotionJob, model: m, alias: v7}", "job.alias: alias 'v7' is reserved"),
    "a contradiction": ("job: {KIND: PromotionJob, model: m, source: champion}", "job: source and target are both"),
    "no model": ("job: {KIND: PromotionJob}", "job: which model?"),
}


@pytest.mark.parametrize(("text", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_file_that_makes_no_sense_is_named_with_the_key(text: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadCall) as refused:
        load(path)
    assert str(refused.value).startswith((f"{path}, {said}", f"{path} {said}"))
    assert "\n" not in str(refused.value)
    assert refused.value.hint
    assert refused.value.code is ExitCode.USAGE


@pytest.mark.parametrize(("name", "said"), [("gone.yaml", "No such file"), ("", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadCall, match=f"cannot be read: {said}"):
        load(tmp_path / name)


def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadCall, match=r"job\.toml is no TOML: .*line 1"):
        load(written(tmp_path, "job: 7", "job.toml"))


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "job.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadCall, match="is no YAML"):
        load(tmp_path / "job.yaml")


class TrainingJob(Job):
    """A job of somebody else's pipeline."""

    KIND: Literal["TrainingJob"] = "TrainingJob"
    depth: int = 3

    def run(self) -> Locals:
        self.logger_service.logger().info("training")
        return {"depth": self.depth}


class Settings(BaseModel):
    """Their settings, as they are today."""

    job: Annotated[TrainingJob | PromotionJob, Field(discriminator="KIND")]


def test_our_jobs_stand_beside_theirs_in_settings_of_their_own() -> None:
    settings = Settings.model_validate({"job": {"KIND": "PromotionJob", "model": "churn", "alias": "Champion"}})
    assert settings.job == PromotionJob(model="churn", alias="Champion")
    theirs = Settings.model_validate({"job": {"KIND": "TrainingJob", "depth": 5}}).job
    with theirs as running:
        assert running.run() == {"depth": 5}


def test_what_is_wrong_in_our_job_is_an_error_of_their_settings() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({"job": {"KIND": "PromotionJob", "model": "churn", "alias": "v7"}})
    (error,) = refused.value.errors()
    assert error["loc"] == ("job", "PromotionJob")
    assert "alias: alias 'v7' is reserved" in error["msg"]
