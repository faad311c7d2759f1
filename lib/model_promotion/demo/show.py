"""The show: a promotion, a refusal and a rollback, played by the real program on the demo's registry."""

import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_promotion.connections.mlflow import ADDRESSES, environ_restored
from model_promotion.console import Console
from model_promotion.core.errors import BadCall
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.demo.models import ARTIFACTS, BROKEN, DATABASE, HELD_OUT, MODEL, build
from model_promotion.demo.server import serving
from model_promotion.journals.mlflow import ARTIFACT_FOLDER
from model_promotion.settings import RECORDS_FILE

MARKER = ".promote-model-demo"
OURS = (MARKER, DATABASE, ARTIFACTS, BROKEN, HELD_OUT, ARTIFACT_FOLDER, RECORDS_FILE)


@dataclass(frozen=True)
class Scene:
    """One call of the program: what it shows, its words, and the exit code it must end with."""

    shows: str
    words: tuple[str, ...]
    ends_with: ExitCode = ExitCode.DONE


def scenes(url: str) -> tuple[Scene, ...]:
    """What is played; a server at this address answers with version 2."""
    judged = ("--compare-metrics", "--run-tests")
    return (
        Scene(
            "v2 stands behind @staging, is better, and is asked as its callers would",
            (MODEL, *judged, "--endpoint", url),
        ),
        Scene(
            "v3 is worse and answers some rows with NaN: it must be refused, with exit code 2",
            (MODEL, "--version", "3", *judged),
            ExitCode.REFUSED,
        ),
        Scene("somebody wants v1 back", (MODEL, "--rollback", "--reason", "precision fell on ward 3")),
        Scene("who was behind @champion, when, why", (MODEL, "--history")),
        Scene("every record holds the hash of the one before it", (MODEL, "--verify-audit")),
    )


TRY_NEXT = (
    (MODEL, "--check", "--version", "2"),
    (MODEL, "--release", "--version", "2", "--reason", "the scale was mended"),
    (MODEL, "--version", "2", "--dry-run"),
    (MODEL, "--version", "2", "--compare-metrics", "--json"),
)


def show(folder: Path, console: Console) -> int:
    """Make the folder afresh and play every scene in it; 70 when one of them ends with another code than it should.

    Raises:
        BadCall: when the folder holds something that is not an earlier demo.
    """
    home = cleared(Path(os.path.abspath(folder)))  # noqa: PTH100 - resolve() would print another name than was typed
    program = _program_seen_from(home)
    lines = _lines_to_try(folder, program)
    with contextlib.chdir(home), environ_restored(*ADDRESSES):
        build(home, console)
        with serving(f"models:/{MODEL}@staging") as url:
            console.tell(
                Event(
                    Kind.PASSED,
                    "Serving",
                    f"v2 answers at {url}: a real MLflow scoring server, that ends with this demo",
                )
            )
            for name in ADDRESSES:  # without these the registry in the current folder is the default
                os.environ.pop(name, None)
            console.say(f"$ cd {shlex.quote(str(folder))}")
            code = play(scenes(url), program, console)
    if code != ExitCode.DONE:
        return code
    console.tell(Event(Kind.SUMMARY, "Demo", f"v2 was promoted, v3 refused, v1 is back; all of it lies in {home}"))
    console.tell(Event(Kind.HINT, "Next", "v2 is held since the rollback; try these:"))
    console.say("\n".join(f"   {line}" for line in lines))
    return ExitCode.DONE


def play(scenes: Sequence[Scene], program: str, console: Console) -> ExitCode:
    """Every scene, by the program itself, in the current folder."""
    from model_promotion.cli import main

    style = () if console.draws_emoji else ("--plain",)
    for number, scene in enumerate(scenes, start=1):
        console.tell(Event(Kind.HINT, f"Demo {number}/{len(scenes)}", scene.shows))
        console.say(f"$ {program} {shlex.join(scene.words)}")
        code = ExitCode(main([*scene.words, *style], program))
        console.say(f"exit code: {int(code)}\n")
        if code != scene.ends_with:
            console.fail(f"the demo expected exit code {int(scene.ends_with)}", "please report it, with these lines")
            return code if code is ExitCode.INTERRUPTED else ExitCode.DEFECT
    return ExitCode.DONE


def cleared(home: Path) -> Path:
    """The folder without an earlier demo; whatever else lies beside that is left alone."""
    hint = "name another folder: --demo DIR"
    try:
        if home.exists() and not (home / MARKER).is_file() and (not home.is_dir() or any(home.iterdir())):
            raise BadCall(f"{home} is there already, and it is no demo of ours", hint)
        for old in (home / name for name in OURS):
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink(missing_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        (home / MARKER).write_text("Made by promote_model.py --demo, which makes it afresh each time.\n", "utf-8")
    except OSError as error:
        raise BadCall(f"{home} cannot be used: {error.strerror}", hint) from error
    return home


def _lines_to_try(folder: Path, program: str) -> list[str]:
    elsewhere = [name for name in ADDRESSES if name in os.environ]
    unset = [f"unset {' '.join(elsewhere)}"] if elsewhere else []
    return [f"cd {shlex.quote(str(folder))}", *unset, *(f"{program} {shlex.join(words)}" for words in TRY_NEXT)]


def _program_seen_from(home: Path) -> str:
    """How to start this program in another folder: with this Python, whose packages it needs."""
    called = Path(sys.argv[0])
    script = ("-m", "model_promotion") if called.name == "__main__.py" else (_seen_from(home, called),)
    words = script if called.suffix != ".py" else (_seen_from(home, Path(sys.executable)), *script)
    return shlex.join(words)


def _seen_from(home: Path, file: Path) -> str:
    """The shorter of the two ways to name a file."""
    whole = os.path.abspath(file)  # noqa: PTH100 - resolve() would leave the virtual environment
    return min(os.path.relpath(whole, os.path.realpath(home)), whole, key=len)
