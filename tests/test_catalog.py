import subprocess
import sys
from pathlib import Path

import pytest

from model_promotion import catalog
from model_promotion.core.errors import BadCall
from model_promotion.core.finding import Weight

ROOF = Path(catalog.__file__).parent
SHELVES = ["checks", "registries", "access", "serving", "journals", "scoring"]


@pytest.mark.parametrize("shelf", SHELVES)
def test_every_member_on_a_shelf_is_listed_under_its_name(shelf: str) -> None:
    assert set(catalog.names(shelf)) == {path.stem for path in (ROOF / shelf).glob("[!_]*.py")}
    assert list(catalog.names(shelf)) == sorted(catalog.names(shelf))


def test_listing_imports_nothing() -> None:
    program = "import sys; from model_promotion import catalog; print(catalog.names('checks')); print(*sys.modules)"
    environ = {"PYTHONPATH": str(ROOF.parent)}
    ran = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True)
    assert "model_promotion.checks" not in ran.stdout.split()


@pytest.mark.parametrize("name", catalog.names("checks"))
def test_every_check_has_a_topic_a_weight_and_a_question(name: str) -> None:
    module = catalog.load("checks", name)
    assert module.TOPIC
    assert module.WEIGHT in set(Weight)
    assert module.__doc__ is not None
    assert module.__doc__.rstrip().endswith("?")
    assert "?" in module.ask.__doc__


def test_a_name_that_nobody_has_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadCall, match="there is no 'signatur' among the checks") as refused:
        catalog.load("checks", "signatur")
    assert refused.value.hint.startswith("did you mean signature")


def test_a_name_like_none_of_them_is_answered_with_all() -> None:
    hint = catalog.unknown("checks", "zzzzzz").hint
    assert all(name in hint for name in catalog.names("checks"))


def test_a_check_of_one_s_own_is_named_by_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "our_team").mkdir()
    (tmp_path / "our_team" / "freshness.py").write_text("TOPIC = 'Freshness'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert catalog.load("checks", "our_team.freshness").TOPIC == "Freshness"


@pytest.mark.parametrize("name", ["no.such", ".relative", "json.", "broken_here.check"])
def test_a_module_that_cannot_be_imported_is_a_wrong_call(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_here").mkdir()
    (tmp_path / "broken_here" / "check.py").write_text("def ask(:\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BadCall, match="cannot be imported"):
        catalog.load("checks", name)


@pytest.mark.parametrize("name", ["../cli", "", "signature.py", "__init__"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(BadCall):
        catalog.load("checks", name)
