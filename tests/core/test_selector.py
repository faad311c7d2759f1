import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_promotion.core.errors import BadCall
from model_promotion.core.selector import (
    ByAlias,
    ByNumber,
    BySemver,
    Latest,
    Selector,
    alias_name,
    copied_model,
    model_address,
    target_alias,
    version_selector,
)

typed = st.text() | st.text("models:/@v1.2-latest_", max_size=20) | st.text(st.characters(codec=None), max_size=300)

VERSIONS: dict[str, Selector] = {
    "7": ByNumber("7"),
    "latest": Latest(),
    "1.2": BySemver("1.2"),
    "1.2.0": BySemver("1.2.0"),
    "v1.2.0": BySemver("1.2.0"),
    "1.2.0-rc.1+build5": BySemver("1.2.0-rc.1+build5"),
    "@staging": ByAlias("staging"),
}
NO_VERSIONS = [
    "",
    "0",
    "007",
    "-1",
    "1.",
    "seven",
    "v7",
    "LATEST",
    "7 ",
    "\u0667",
    "1.2.3.4",
    "9" * 19,
    "@",
    "@@x",
    "@latest",
]
ADDRESSES: dict[str, tuple[str, Selector | None]] = {
    "churn": ("churn", None),
    "main.prod.churn": ("main.prod.churn", None),
    "churn@staging": ("churn", ByAlias("staging")),
    "churn:7": ("churn", ByNumber("7")),
    "churn:latest": ("churn", Latest()),
    "models:/churn": ("churn", None),
    "models:/churn@staging": ("churn", ByAlias("staging")),
    "models:/churn/7": ("churn", ByNumber("7")),
    "models:/churn:7": ("churn", ByNumber("7")),
    "my churn model": ("my churn model", None),
}
NO_ADDRESSES = [
    "",
    " ",
    "a/b",
    "a:",
    "a@",
    "@x",
    ":7",
    "models:/",
    "a:b",
    "a\nb",
    "a\x1b[2Jb",
    "a\u202eb",
    "x" * 256,
    "a@b@c",
]
NO_ALIASES = ["", "latest", "Latest", "v7", "V12", "a b", "a.b", "a/b", "a:b", "a@b", "é!", "x" * 256, "a\n"]


COPIED = {
    "m:2": "--copy-from m --version 2",
    "m@canary": "--copy-from m --from canary",
    "models:/m/2": "--copy-from m --version 2",
    "m:latest": "--copy-from m --version latest",
    "m:1.2.0": "--copy-from m --version 1.2.0",
}


@pytest.mark.parametrize(("text", "hint"), COPIED.items())
def test_a_model_to_be_copied_from_is_named_without_its_version(text: str, hint: str) -> None:
    assert copied_model("models:/m") == copied_model("m") == "m"
    with pytest.raises(BadCall, match="is a model and a version of it") as both:
        copied_model(text)
    assert both.value.hint == f"say them apart: {hint}"


@pytest.mark.parametrize(("text", "selector"), VERSIONS.items())
def test_a_version_is_named_in_each_of_these_ways(text: str, selector: Selector) -> None:
    assert version_selector(text) == selector


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items())
def test_a_model_is_named_in_each_of_these_ways(text: str, address: tuple[str, Selector | None]) -> None:
    assert model_address(text) == address


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((version_selector, text) for text in NO_VERSIONS),
        *((model_address, text) for text in NO_ADDRESSES),
        *((alias_name, text) for text in NO_ALIASES),
        *((target_alias, text) for text in NO_ALIASES),
    ],
)
def test_anything_else_is_a_wrong_call_with_an_example(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(BadCall) as refused:
        read(text)
    assert refused.value.hint


@pytest.mark.parametrize(
    "text", ["champion", "a", "x" * 255, "prev_champion", "blue-green_2", "vintage", "v", "größte"]
)
def test_an_alias_is_letters_digits_underscores_and_dashes(text: str) -> None:
    assert alias_name(text) == text


def test_an_alias_may_be_written_with_its_at_sign() -> None:
    assert alias_name("@champion") == target_alias("@champion") == "champion"


@pytest.mark.parametrize("read", [version_selector, model_address, alias_name, target_alias])
@given(text=typed)
def test_no_text_at_all_ends_in_anything_but_a_wrong_call(read: Callable[[str], object], text: str) -> None:
    with contextlib.suppress(BadCall):
        read(text)


@given(typed)
def test_what_is_accepted_as_a_model_prints_on_one_line(text: str) -> None:
    with contextlib.suppress(BadCall):
        name, selector = model_address(text)
        assert name.isprintable()
        assert name.strip()
        assert str(selector).isprintable()


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        (ByNumber("7"), "version 7"),
        (ByAlias("staging"), "@staging"),
        (BySemver("1.2.0"), "semver 1.2.0"),
        (Latest(), "latest"),
    ],
)
def test_a_selector_says_what_it_means(selector: Selector, said: str) -> None:
    assert str(selector) == said
