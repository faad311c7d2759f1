"""A warm Python is as good as a fresh one, for those who look at what it did and how it ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HEAR = """
import os, signal, sys
if "--die" in sys.argv:
    os.kill(os.getpid(), signal.SIGTERM)
print(os.getcwd(), os.environ["HOME"], sys.argv[1:], "mlflow" in sys.modules, sys.stdin.read())
os.write(int(sys.argv[1]), b"by a pipe")
sys.exit("the last words")
"""


@pytest.fixture
def child(tmp_path: Path) -> Path:
    """A script with the name of one of ours."""
    (tmp_path / "child.py").write_text(HEAR)
    return tmp_path / "child.py"


def test_files_directory_environment_words_and_the_end_are_its_own(warm_python: Path, child: Path) -> None:
    reading, writing = os.pipe()
    ran = subprocess.run(
        [warm_python, "-I", child, str(writing)],
        cwd=child.parent,
        env={"HOME": "/nowhere"},
        input="asked",
        capture_output=True,
        text=True,
        check=False,
        pass_fds=(writing,),
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, "the last words\n")
    assert ran.stdout == f"{child.parent} /nowhere {[str(writing)]} True asked\n"
    with os.fdopen(reading) as pipe:
        assert pipe.read() == "by a pipe", "and nobody else holds it open"


def test_a_signal_that_ends_it_is_told(warm_python: Path, child: Path) -> None:
    assert subprocess.run([warm_python, "-I", child, "--die"], check=False).returncode == -signal.SIGTERM


def test_it_dies_with_the_process_that_it_stands_for(warm_python: Path, child: Path) -> None:
    child.write_text("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    with subprocess.Popen([warm_python, "-I", child], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        number = int(process.stdout.readline())
        process.kill()
        end = time.monotonic() + 30
        while lives(number) and time.monotonic() < end:
            time.sleep(0.01)
        assert not lives(number)


def lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("words", [["-c", "{}"], ["-I", "-c", "{}"], ["other.py"]])
def test_all_else_gets_a_fresh_one(warm_python: Path, tmp_path: Path, words: list[str]) -> None:
    code = "import sys; print(sys.executable, 'mlflow' in sys.modules)"
    (tmp_path / "other.py").write_text(code)
    told = subprocess.check_output([warm_python, *(word.format(code) for word in words)], cwd=tmp_path, text=True)
    assert told == f"{sys.executable} False\n"
