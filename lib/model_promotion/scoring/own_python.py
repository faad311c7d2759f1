"""The environment that was recorded with a model, built again with uv."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model_promotion.core.trial import one_line
from model_promotion.scoring.process import SECRET, NoEnvironmentError, how

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model_promotion.scoring.process import Room

# What uv needs to reach its index. Addresses in here may hold passwords, so only uv gets to see them.
FOR_UV = re.compile(r"HOME|XDG_\w+|UV_\w+|PIP_\w+|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)", re.IGNORECASE)
# Settings that would send uv to another interpreter than the one it is told.
NOT_FOR_UV = re.compile(r"UV_(SYSTEM_PYTHON|PYTHON|PROJECT\w*|TARGET|PREFIX)|PIP_(TARGET|PREFIX|USER)", re.IGNORECASE)
SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSWORD|CREDENTIAL|KEYRING", re.IGNORECASE)


@dataclass(frozen=True)
class OwnPython:
    """Where it is built, what uv may know, and how long it may take."""

    room: Room
    environ: Mapping[str, str]
    timeout_s: float

    def built(self, model_dir: Path, also: tuple[str, ...]) -> Path:
        """The Python of a new environment with the model's recorded requirements, and with what is needed `also`.

        Raises:
            NoEnvironmentError: when it cannot be built.
        """
        uv = shutil.which("uv", path=self.environ.get("PATH")) or shutil.which("uv", path=Path(sys.executable).parent)
        wanted = model_dir / "requirements.txt"
        if uv is None:
            raise NoEnvironmentError("uv is not installed: pip install uv")
        if not wanted.is_file():
            raise NoEnvironmentError("no requirements.txt was saved, so its environment cannot be built again")
        venv = self.room.folder / "venv"
        python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self._uv([uv, "venv", "--quiet", "--python", python_for(model_dir), str(venv)])
        install = [
            uv,
            "pip",
            "install",
            "--quiet",
            "--python",
            str(python),
            "--requirements",
            str(wanted.resolve()),
            *also,
        ]
        # Building from source runs the package's code, which must not see a password that is in uv's environment.
        self._uv([*install, "--no-build"] if holds_secret(self._for_uv()) else install)
        return python

    def _uv(self, command: Sequence[str]) -> None:
        ended = self.room.run(command, {**self.room.environ, **self._for_uv()}, self.timeout_s)
        if ended.code != 0:
            why = one_line(ended.words) or how(ended, self.timeout_s)
            raise NoEnvironmentError(one_line(f"its environment cannot be built: {why}"))

    def _for_uv(self) -> dict[str, str]:
        named = {name: value for name, value in self.environ.items() if FOR_UV.fullmatch(name)}
        return {name: value for name, value in named.items() if not NOT_FOR_UV.fullmatch(name)}


def python_for(model_dir: Path) -> str:
    """Our own Python where it is of the recorded minor version, else the recorded version, for uv to find."""
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    recorded = model_dir / "python_env.yaml"
    text = recorded.read_text(encoding="utf-8", errors="replace") if recorded.is_file() else ""
    # One key of a file that mlflow writes; only digits and dots get through, as this becomes an argument.
    found = re.search(r"^python:\s*[\"']?(\d+(?:\.\d+){1,2})[\"']?\s*$", text, re.MULTILINE)
    return sys.executable if found is None or f"{found[1]}.".startswith(f"{ours}.") else found[1]


def holds_secret(environ: Mapping[str, str]) -> bool:
    """Does a value look like an address with a password in it, or a name like that of a password?"""
    return any(SECRET.search(value) or SECRET_NAME.search(name) for name, value in environ.items())
