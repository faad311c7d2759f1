import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.connections.address import EMBEDDED
from model_promotion.core.errors import BadCall
from model_promotion.core.metrics import Direction
from model_promotion.core.policy import Policy
from model_promotion.settings import Flags, line_of, read_policy, settle

IN_CATALOG, ELSEWHERE = "main.prod.churn", "churn"
ENVIRON = {"MLFLOW_REGISTRY_URI": "http://r", "MLFLOW_TRACKING_URI": "http://t"}
LOGIN = {"DATABRICKS_HOST": "https://adb"}

# flags, environment, model -> registry, tracking, chosen by
PLACES = {
    "nothing said": ({}, {}, ELSEWHERE, (EMBEDDED, EMBEDDED, "default: no registry is configured")),
    "the environment": ({}, ENVIRON, ELSEWHERE, ("http://r", "http://t", "MLFLOW_REGISTRY_URI")),
    "a server in the environment": (
        {},
        {"MLFLOW_TRACKING_URI": "http://t"},
        ELSEWHERE,
        ("http://t", "http://t", "MLFLOW_TRACKING_URI"),
    ),
    "an empty variable": (
        {},
        {"MLFLOW_TRACKING_URI": ""},
        ELSEWHERE,
        (EMBEDDED, EMBEDDED, "default: no registry is configured"),
    ),
    "a login and a name in a catalog": ({}, LOGIN, IN_CATALOG, ("databricks-uc", "databricks", "DATABRICKS_HOST")),
    "a login and another name": ({}, LOGIN, ELSEWHERE, (EMBEDDED, EMBEDDED, "default: no registry is configured")),
    "a profile in the environment": (
        {},
        {"DATABRICKS_CONFIG_PROFILE": "p"},
        IN_CATALOG,
        ("databricks-uc", "databricks", "DATABRICKS_CONFIG_PROFILE"),
    ),
    "a notebook or job on Databricks": (
        {},
        {"DATABRICKS_RUNTIME_VERSION": "client.4.1"},
        IN_CATALOG,
        ("databricks-uc", "databricks", "DATABRICKS_RUNTIME_VERSION"),
    ),
    "a login loses against a registry that is named": (
        {},
        {**LOGIN, **ENVIRON},
        IN_CATALOG,
        ("http://r", "http://t", "MLFLOW_REGISTRY_URI"),
    ),
    "a flag wins": (
        {"registry_uri": "http://f", "tracking_uri": "http://g"},
        {**LOGIN, **ENVIRON},
        IN_CATALOG,
        ("http://f", "http://g", "--registry-uri"),
    ),
    "a flag for tracking": ({"tracking_uri": "http://g"}, {}, ELSEWHERE, ("http://g", "http://g", "--tracking-uri")),
    "a profile wins": (
        {"profile": "p"},
        {**LOGIN, **ENVIRON},
        IN_CATALOG,
        ("databricks-uc://p", "databricks://p", "--profile"),
    ),
    "a profile and its registry": (
        {"profile": "p", "registry_uri": "databricks-uc"},
        {},
        IN_CATALOG,
        ("databricks-uc://p", "databricks://p", "--profile"),
    ),
    "a profile and its tracking": (
        {"profile": "p", "tracking_uri": "databricks"},
        {},
        IN_CATALOG,
        ("databricks-uc://p", "databricks://p", "--profile"),
    ),
    "a profile's workspace registry": (
        {"profile": "p", "registry_uri": "databricks"},
        {},
        ELSEWHERE,
        ("databricks://p", "databricks://p", "--profile"),
    ),
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("flags", "environ", "model", "place"), PLACES.values(), ids=PLACES.keys())
def test_flags_win_over_the_environment_and_that_over_the_defaults(
    flags: dict[str, str], environ: dict[str, str], model: str, place: tuple[str, str, str]
) -> None:
    address = settle(Flags(**flags), model, environ).address  # type: ignore[arg-type]
    assert (address.registry_uri, address.tracking_uri, address.chosen_by) == place


@pytest.mark.parametrize("name", ["churn", "prod.churn", "a.b.c.d"])
def test_a_name_without_the_three_levels_of_unity_catalog_is_a_wrong_call(name: str) -> None:
    with pytest.raises(BadCall, match="three levels"):
        settle(Flags(profile="p"), name, {})


@pytest.mark.parametrize("other", ["http://h:5000", "sqlite:///x.db", "databricks-uc://another"])
def test_a_profile_and_a_registry_that_is_not_its_own_contradict_each_other(other: str) -> None:
    with pytest.raises(BadCall, match="--profile p does not go with"):
        settle(Flags(profile="p", registry_uri=other), IN_CATALOG, {})


def policy(text: str, path: Path = Path("promotion.toml")) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_policy_file_the_defaults_hold_and_say_so() -> None:
    settings = settle(Flags(), ELSEWHERE, {})
    assert (settings.policy, settings.policy_source) == (Policy(), "defaults")


def test_a_policy_file_in_this_folder_is_found_and_remembered() -> None:
    path = policy("[checks.signature]\nrequired = true\n")
    settings = settle(Flags(), ELSEWHERE, {})
    assert settings.policy.required == {"signature"}
    assert settings.policy_source == "promotion.toml"
    assert settings.policy.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_policy_that_is_named_wins_over_the_one_in_this_folder() -> None:
    policy("[checks.signature]\nrequired = true\n")
    named = policy("[checks.hold]\nrequired = true\n", Path("team.toml"))
    settings = settle(Flags(policy=named), ELSEWHERE, {})
    assert (settings.policy.required, settings.policy_source) == ({"hold"}, "team.toml")


def test_every_key_of_a_policy_is_read() -> None:
    read = read_policy(
        policy("""
        [metrics.rmse]
        direction = "lower"
        tolerance = 0.1
        relative_tolerance = 0.02
        [checks]
        hold.required = true
        [model_tests]
        timeout_s = 30
        memory_mib = 2048
        [record]
        experiment = "/Shared/ours"
        """)
    )
    assert (read.metrics["rmse"].direction, read.metrics["rmse"].tolerance) == (Direction.LOWER, 0.1)
    assert (read.model_tests.timeout_s, read.model_tests.memory_mib) == (30.0, 2048)
    assert (read.required, read.record.experiment) == ({"hold"}, "/Shared/ours")


# The text of a policy -> the line and the key that the error must name.
BROKEN = {
    "an unknown table": ("\n[cheks.hold]\nrequired = true\n", "line 2, cheks"),
    "an unknown key": ("[record]\n\nexperment = 'x'\n", "line 3, record.experment"),
    "a wrong type": ("[checks.hold]\nrequired = 'perhaps'\n", "line 2, checks.hold.required"),
    "a wrong word": ("[metrics.f1]\n# up\ndirection = 'up'\n", "line 3, metrics.f1.direction"),
    "the second of two": (
        "[metrics.f1]\ntolerance = 1\n[metrics.rmse]\ntolerance = 'x'\n",
        "line 4, metrics.rmse.tolerance",
    ),
    "a tolerance below zero": ("[record]\n[metrics.f1]\ntolerance = -1\n", "line 2, metrics.f1"),
    "a tolerance that is none": ("[metrics.f1]\ntolerance = nan\n", "line 2, metrics.f1.tolerance"),
    "no time at all": ("\n[model_tests]\ntimeout_s = 0\n", "line 2, model_tests"),
    "dotted keys": ("\nmodel_tests.timeout_s = 'x'\n", "line 2, model_tests.timeout_s"),
    "an inline table": ("\nrecord = { experiment = 5 }\n", "line 2, record.experiment"),
    "a gate that no tag could name": ('\n[gates."a.b"]\n', "line 2, gates.a.b: not lower-case letters"),
    "a gate for keys without keys": ('[gates.a]\nidentity = "ssh"\n', "line 1, gates.a: identity"),
    "an unknown check": ("\n\n[checks.signatur]\nrequired = true\n", "line 3, checks.signatur"),
    "the digest": ("# x\ndigest = 'abc'\n", "line 2: digest"),
    "no TOML": ("[checks\n", "line 1, column 8"),
}


@pytest.mark.parametrize(("text", "where"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_policy_is_refused_with_file_line_and_key(text: str, where: str) -> None:
    with pytest.raises(BadCall) as refused:
        read_policy(policy(text))
    assert str(refused.value).startswith("policy promotion.toml")
    assert where in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.hint


def test_a_check_that_is_misspelt_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(BadCall) as refused:
        read_policy(policy("[checks.signatur]\n"))
    assert "did you mean signature" in refused.value.hint


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("[metrcis.f1]\ntolerance = 1\n", "metrics"),
        ("[retention]\ndayz = 3\n", "days"),
        ("[metrics.f1]\ndirection = 'up'\ntolerence = 1\n", "tolerance"),
        ("[[model_tests.expect]]\ncolumn = 'a'\nanswer = 'up'\nvalue = [1, 2]\n", "values"),
    ],
)
def test_a_key_that_is_misspelt_is_answered_with_the_nearest_that_its_table_can_have(text: str, like: str) -> None:
    with pytest.raises(BadCall, match="there is no such key") as refused:
        read_policy(policy(text))
    assert refused.value.hint == f"did you mean {like}?"


@pytest.mark.parametrize("name", ["missing.toml", "."], ids=["missing", "a folder"])
def test_a_policy_that_cannot_be_read_is_named(name: str) -> None:
    with pytest.raises(BadCall, match="cannot be read"):
        settle(Flags(policy=Path(name)), ELSEWHERE, {})


def test_a_policy_that_is_no_text_is_refused() -> None:
    Path("x.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadCall, match=r"policy x\.toml: 'utf-8' codec"):
        read_policy(Path("x.toml"))


@given(st.dictionaries(st.sampled_from(["metrics", "checks", "model_tests", "record", "x"]), st.integers() | st.text()))
def test_whatever_stands_in_a_policy_it_is_a_policy_or_a_wrong_call(values: dict[str, int | str]) -> None:
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
    try:
        assert read_policy(policy(text)).digest != "defaults"
    except BadCall as refused:
        assert "promotion.toml" in str(refused)  # noqa: PT017 - either answer is right


def test_a_line_that_cannot_be_found_is_the_nearest_that_can() -> None:
    assert line_of("[metrics.f1]\n", ("metrics", "f1", "tolerance")) == 1
