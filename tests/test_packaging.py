"""What is promised to those who install the wheel, and to those who start the checkout from somewhere else."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
IMPORTED = "import promote_model; print(promote_model.PromotionJob.__module__, promote_model.__file__)"


def python(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python that finds nothing of ours but what PYTHONPATH in `env` names."""
    return start([sys.executable, *words], cwd, env)


def start(words: list[str], cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    whole = {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **env}
    return subprocess.run(words, cwd=cwd, env=whole, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    built = python("-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), cwd=REPO)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content; its dependencies come from the Python that runs the tests."""
    target = tmp_path_factory.mktemp("installed")
    words = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel))
    ran = python(*words, cwd=target)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return target


def test_the_wheel_carries_every_file_of_the_package_and_the_door(wheel: Path) -> None:
    lib = REPO / "lib"
    files = (path for pattern in ("*.py", "*.j2") for path in lib.rglob(pattern))
    ours = {path.relative_to(lib).as_posix() for path in files} | {"promote_model.py"}
    carried = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert carried == ours


@pytest.mark.parametrize("safe_path", [(), ("-P",)], ids=["", "-P"])
def test_the_wheel_starts_as_a_module(safe_path: tuple[str, ...], installed: Path, tmp_path: Path) -> None:
    ran = python(*safe_path, "-m", "model_promotion", "--help", cwd=tmp_path, PYTHONPATH=str(installed))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("usage: python -m model_promotion MODEL")


@pytest.mark.parametrize("safe_path", [(), ("-P",)], ids=["", "-P"])
def test_the_wheel_gives_the_python_api(safe_path: tuple[str, ...], installed: Path, tmp_path: Path) -> None:
    ran = python(*safe_path, "-c", IMPORTED, cwd=tmp_path, PYTHONPATH=str(installed))
    assert ran.stdout.split() == ["model_promotion.jobs.promotion", str(installed / "promote_model.py")], ran.stderr


def test_the_wheel_brings_the_command(installed: Path, tmp_path: Path) -> None:
    ran = start([str(installed / "bin" / "promote-model"), "--help"], tmp_path, {"PYTHONPATH": str(installed)})
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("usage: promote-model MODEL")


def test_the_installed_checks_are_found(installed: Path, tmp_path: Path) -> None:
    # They are found by their files' names, which an installation could lose without any import failing.
    code = "from model_promotion import catalog; print(*catalog.names('checks'))"
    ran = python("-c", code, cwd=tmp_path, PYTHONPATH=str(installed))
    checks = REPO / "lib" / "model_promotion" / "checks"
    assert ran.stdout.split() == sorted(path.stem for path in checks.glob("[!_]*.py"))


@pytest.mark.parametrize("safe_path", [(), ("-P",)], ids=["", "-P"])
@pytest.mark.parametrize(
    ("words", "search"),
    [
        ((str(REPO / "promote_model.py"), "--help"), ""),
        (("-m", "promote_model", "--help"), str(REPO)),
        (("-m", "model_promotion", "--help"), str(REPO / "lib")),
        (("-c", "from promote_model import PromotionJob; print('usage:', PromotionJob)"), str(REPO)),
    ],
    ids=["script", "script as a module", "package", "import"],
)
def test_the_checkout_starts_from_any_directory(
    words: tuple[str, ...], search: str, safe_path: tuple[str, ...], tmp_path: Path
) -> None:
    ran = python(*safe_path, *words, cwd=tmp_path, PYTHONPATH=search)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("usage:")
    assert not list(tmp_path.iterdir())


def test_a_script_that_lies_in_a_linked_folder_finds_its_library(tmp_path: Path) -> None:
    (tmp_path / "promote_model.py").symlink_to(REPO / "promote_model.py")
    ran = python(str(tmp_path / "promote_model.py"), "--help", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
