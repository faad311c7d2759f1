"""What the Claude Code plugin promises: one text in two places, one exact permission, and arguments nobody executes."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

REPO = Path(__file__).resolve().parents[1]
DOOR = REPO / "promote_model.py"
PLUGIN_COMMAND = REPO / "commands" / "promote-model.md"
PROJECT_COMMAND = REPO / ".claude" / "commands" / "promote-model.md"
PLUGIN_ROOT = "${CLAUDE_PLUGIN_ROOT}"
PROJECT_DIR = "${CLAUDE_PROJECT_DIR}"
COMMANDS = {PLUGIN_COMMAND: PLUGIN_ROOT, PROJECT_COMMAND: PROJECT_DIR}

# Without the two options npm leaves a package-lock.json in .ci, and that names a registry host.
INSTALL_CLIENT = "npm install --no-save --no-package-lock --prefix .ci @anthropic-ai/claude-code@2.1.329"
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# The reference expression of PEP 723, https://peps.python.org/pep-0723/
PEP_723 = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
BLOCK = re.compile(r"(?ms)^```!\n(?P<shell>.*?\n)```$")

PLUGIN_KEYS = {"$schema", "name", "version", "description", "author", "homepage", "repository", "license", "keywords"}
MARKETPLACE_KEYS = {"$schema", "name", "description", "owner", "plugins"}
ENTRY_KEYS = {"name", "source", "description", "category", "tags"}
FRONTMATTER_KEYS = {
    "name",
    "description",
    "argument-hint",
    "disable-model-invocation",
    "shell",
    "allowed-tools",
    "disallowed-tools",
}

# What the client measured on 2.1.329 hands to the block unchanged. Two texts are missing on purpose, the client itself
# refuses them before a shell starts: a line equal to the heredoc's marker, and a backslash before whitespace.
HOSTILE = {
    "an apostrophe": "it's",
    "backticks": "a `touch x` b",
    "a command substitution": "$(id) $(touch x)",
    "parentheses": "(touch x)",
    "a second command": "a; touch x",
    "a background job": "a & touch x",
    "and": "a && touch x",
    "a redirection": "a > f",
    "a second line": "a\ntouch x",
    "a pipe": "a | cat > f",
    "a home directory": "~/x",
    "a glob": "*",
    "a variable": "${HOME} $HOME",
    "double quotes": 'a "b c" d',
    "a heredoc of its own": "a <<EOF",
    "a backslash": r"a\nb",
    "an exclamation mark": "a !! !b",
}
hostile_words = pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE.keys())


def pyproject() -> dict[str, Any]:
    return tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


def inline_metadata() -> dict[str, Any]:
    found = [m for m in PEP_723.finditer(DOOR.read_text(encoding="utf-8")) if m["type"] == "script"]
    assert len(found) == 1, f"{DOOR.name} has {len(found)} PEP 723 blocks of type script, it needs exactly one"
    lines = found[0]["content"].splitlines()
    return tomllib.loads("\n".join(line.removeprefix("#").removeprefix(" ") for line in lines))


def manifest(name: str) -> dict[str, Any]:
    parsed = json.loads((REPO / ".claude-plugin" / name).read_text(encoding="utf-8"))
    assert isinstance(parsed, dict)
    return parsed


def frontmatter(command: Path) -> dict[str, Any]:
    _, header, _ = command.read_text(encoding="utf-8").split("---\n", 2)
    parsed = yaml.safe_load(header)
    assert isinstance(parsed, dict)
    return parsed


def block(command: Path) -> str:
    blocks = [m["shell"] for m in BLOCK.finditer(command.read_text(encoding="utf-8"))]
    assert len(blocks) == 1, f"{command} runs {len(blocks)} blocks, it needs exactly one"
    return blocks[0]


def git(*words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("git")
    if program is None or not (REPO / ".git").exists():
        pytest.skip("not a git checkout (or no git here), so nothing is tracked")
    ran = subprocess.run([program, *words], cwd=REPO, capture_output=True, text=True, check=False, timeout=60)
    if ran.returncode == 128:
        pytest.skip(f"git does not read this checkout: {ran.stderr.strip()}")  # it belongs to another user, for example
    return ran


# --- one truth, told in several files ---


def test_the_script_header_and_pyproject_ask_for_the_same_things() -> None:
    header, project = inline_metadata(), pyproject()["project"]
    assert sorted(header["dependencies"]) == sorted(project["dependencies"])
    assert header["requires-python"] == project["requires-python"]


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    # There is no lock file, so the bounds are all that stands between a user and a surprise.
    for line in inline_metadata()["dependencies"]:
        operators = {clause.operator for clause in Requirement(line).specifier}
        assert operators & {">=", ">", "==", "~="}, f"{line} has no lower bound"
        assert operators & {"<=", "<", "==", "~="}, f"{line} has no upper bound"


def test_the_plugin_has_the_version_of_the_package() -> None:
    assert manifest("plugin.json")["version"] == pyproject()["project"]["version"]


def test_the_project_command_is_the_plugin_command_with_the_other_variable() -> None:
    expected = PLUGIN_COMMAND.read_text(encoding="utf-8").replace(PLUGIN_ROOT, PROJECT_DIR)
    assert PROJECT_COMMAND.read_text(encoding="utf-8") == expected, "commands/ changed: run `make command-copy`"
    assert not PROJECT_COMMAND.is_symlink(), "the client does not replace the variable behind a symlink"


@pytest.mark.parametrize("command", COMMANDS, ids=["plugin", "project"])
def test_the_permission_covers_exactly_the_command_that_runs(command: Path) -> None:
    rule = re.search(r"(?m)^allowed-tools: Bash\((.*) \*\)$", command.read_text(encoding="utf-8"))
    assert rule is not None
    assert block(command).splitlines()[0].startswith(rule[1] + " ")
    assert rule[1] == f'uv run --quiet --script "{COMMANDS[command]}/promote_model.py"', "a wider rule runs any code"


@pytest.mark.parametrize("command", COMMANDS, ids=["plugin", "project"])
def test_nothing_but_the_one_block_is_executed(command: Path) -> None:
    # The client scans the whole file, ordinary prose and code spans too: anthropics/claude-code issue 87730.
    text = command.read_text(encoding="utf-8")
    assert re.findall(r"`+!|!`+", text) == ["```!"]


@pytest.mark.parametrize("command", COMMANDS, ids=["plugin", "project"])
def test_the_typed_text_stands_only_inside_the_quoted_heredoc(command: Path) -> None:
    text = command.read_text(encoding="utf-8")
    first, typed, last = block(command).splitlines()
    assert first.endswith(f" --args-stdin <<'{last}'")
    assert typed == "$ARGUMENTS"
    assert re.findall(r"\$(?:ARGUMENTS|\d)", text) == ["$ARGUMENTS"]


def test_no_lock_file_is_tracked() -> None:
    # A lock names package index hosts, and uv rewrites the one beside the script without saying so.
    tracked = git("ls-files", "--", "*.lock", "*package-lock.json")
    assert tracked.returncode == 0, tracked.stderr
    assert tracked.stdout == ""
    assert git("check-ignore", "-q", "promote_model.py.lock").returncode == 0


def test_the_source_root_is_not_ignored() -> None:
    # The common Python .gitignore has a line lib/, and a plugin installed from git would arrive without its code.
    assert git("check-ignore", "-q", "lib/model_promotion/a_new_file.py").returncode == 1
    assert not (REPO / "lib" / "__init__.py").exists(), "lib/ is a path entry, not a package"


def test_no_uv_settings_lie_beside_the_script() -> None:
    # uv obeys an index it finds beside the script, and without a lock file nothing would notice the other packages.
    assert not (REPO / "uv.toml").exists()
    assert "uv" not in pyproject()["tool"]
    assert "tool" not in inline_metadata()


# --- what the client checks, without the client ---


def test_the_plugin_manifest_is_one_the_client_accepts() -> None:
    plugin = manifest("plugin.json")
    assert set(plugin) <= PLUGIN_KEYS
    assert plugin["name"] == "model-promotion"
    assert KEBAB.fullmatch(plugin["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", plugin["version"])
    assert isinstance(plugin["description"], str)
    assert isinstance(plugin["author"]["name"], str)
    assert all(isinstance(word, str) for word in plugin["keywords"])
    assert plugin["license"] == pyproject()["project"]["license"]


def test_the_marketplace_manifest_is_one_the_client_accepts() -> None:
    market = manifest("marketplace.json")
    assert set(market) <= MARKETPLACE_KEYS
    assert KEBAB.fullmatch(market["name"])
    assert not market["name"].startswith(("anthropic-", "claude-code-plugins")), "these names are reserved"
    assert isinstance(market["owner"]["name"], str)
    (entry,) = market["plugins"]
    assert set(entry) <= ENTRY_KEYS, "the version belongs to plugin.json alone"
    assert (entry["name"], entry["source"]) == (manifest("plugin.json")["name"], "./")


def test_no_commands_are_lost_in_the_manifest_folder() -> None:
    # A commands/ or hooks/ folder in there would never be found; they live at the root.
    assert not [p.name for p in (REPO / ".claude-plugin").iterdir() if p.is_dir()]


@pytest.mark.parametrize("command", COMMANDS, ids=["plugin", "project"])
def test_the_frontmatter_is_yaml_with_known_keys_only(command: Path) -> None:
    # The client drops every field of a header it cannot parse, the permission too, and says nothing.
    header = frontmatter(command)
    assert set(header) == FRONTMATTER_KEYS
    assert header["name"] == command.stem, "without a name the bare /promote-model is an unknown command"
    assert header["disable-model-invocation"] is True
    assert header["disallowed-tools"] == "*"
    assert header["shell"] == "bash", "elsewhere than in bash the heredoc may be a syntax error"
    texts = ("name", "description", "argument-hint", "allowed-tools")
    assert all(isinstance(header[key], str) for key in texts)


def test_a_clone_gives_the_command_ten_minutes_and_nothing_else() -> None:
    settings = json.loads((REPO / ".claude" / "settings.json").read_text(encoding="utf-8"))
    assert settings == {"env": {"BASH_DEFAULT_TIMEOUT_MS": "600000"}}


# --- typed text is data, never shell ---

RECORDER = """\
import json, pathlib, sys
record = {"argv": sys.argv[1:], "stdin": sys.stdin.buffer.read().decode()}
pathlib.Path(__file__).with_name("record.json").write_text(json.dumps(record))
"""
STAND_IN_UV = """\
#!/bin/sh
[ "$1 $2 $3" = "run --quiet --script" ] || exit 99
shift 3
exec "$PYTHON_UNDER_TEST" -I -S "$@"
"""


def install(root: Path, command: Path) -> str:
    """Installs a script that only writes down what reaches it, and answers the block that would start it."""
    root.mkdir()
    (root / "promote_model.py").write_text(RECORDER, encoding="utf-8")
    return block(command).replace(COMMANDS[command], str(root))


def path_with_uv(folder: Path) -> str:
    """A PATH on which `uv run --script` starts Python at once, so that no test needs a package index."""
    folder.mkdir()
    (folder / "uv").write_text(STAND_IN_UV, encoding="utf-8")
    (folder / "uv").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture
def cwd(tmp_path: Path) -> Path:
    """A user's folder with one file for a glob to find; whatever else appears in it was executed."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    (folder / "bait").touch()
    return folder


@pytest.mark.parametrize("command", COMMANDS, ids=["plugin", "project"])
@hostile_words
def test_typed_text_reaches_the_script_verbatim_and_nothing_of_it_runs(
    typed: str, command: Path, tmp_path: Path, cwd: Path
) -> None:
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("the block is written for bash, and there is none here")
    root = tmp_path / "plugin root"  # the space is part of the test
    # As the client does it: plain text replacement, before any shell has seen the block.
    script = install(root, command).replace("$ARGUMENTS", typed)
    env = {"PATH": path_with_uv(tmp_path / "bin"), "HOME": str(cwd), "PYTHON_UNDER_TEST": sys.executable}
    ran = subprocess.run([shell, "-c", script], cwd=cwd, env=env, capture_output=True, check=False, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    record = json.loads((root / "record.json").read_text(encoding="utf-8"))
    assert record == {"argv": ["--args-stdin"], "stdin": typed + "\n"}
    assert [p.name for p in cwd.iterdir()] == ["bait"]


def through_the_door(typed: str, cwd: Path) -> tuple[int, str]:
    """Process exit code and last printed line of the real script, fed as the command feeds it."""
    ran = subprocess.run(
        [sys.executable, str(DOOR), "--args-stdin"],
        cwd=cwd,
        input=typed + "\n",
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=120,
    )
    return ran.returncode, ran.stdout.rstrip("\n").rpartition("\n")[2]


def test_an_open_quote_is_a_wrong_call_and_not_a_crash(cwd: Path) -> None:
    assert through_the_door("it's", cwd) == (0, "exit code: 64")


def test_help_ends_well(cwd: Path) -> None:
    assert through_the_door("--help", cwd) == (0, "exit code: 0")


@hostile_words
def test_the_real_script_calls_an_unknown_option_wrong_whatever_stands_beside_it(typed: str, cwd: Path) -> None:
    assert through_the_door(f"--no-such-option {typed}", cwd) == (0, "exit code: 64")
    assert [p.name for p in cwd.iterdir()] == ["bait"]


@pytest.mark.parametrize(("option", "code"), [("--help", 0), ("--no-such-option", 64)])
def test_without_args_stdin_the_exit_code_is_the_real_one(option: str, code: int, cwd: Path) -> None:
    ran = subprocess.run([sys.executable, str(DOOR), option], cwd=cwd, capture_output=True, check=False, timeout=120)
    assert ran.returncode == code
    assert not ran.stdout.rstrip().rpartition(b"\n")[2].startswith(b"exit code:")


# --- what the client says itself ---


def client() -> str:
    beside = REPO / ".ci" / "node_modules" / ".bin" / "claude"
    found = os.environ.get("CLAUDE_CLI") or (str(beside) if beside.exists() else shutil.which("claude"))
    if not found:
        pytest.skip(f"no Claude Code client here; install it with: {INSTALL_CLIENT}")
    return found


@pytest.fixture
def clean_copy(tmp_path: Path) -> Path:
    """The files an installed plugin is made of, without .venv, tests and whatever else lies in a checkout."""
    root = tmp_path / "copy"
    root.mkdir()
    for name in (".claude-plugin", ".claude/commands", "commands"):
        shutil.copytree(REPO / name, root / name)
    for name in (".claude/settings.json", "README.md", "promote_model.py"):
        shutil.copy(REPO / name, root / name)
    return root


# Clients up to 2.1.197 look only at the marketplace when they are given the root, hence the other two.
@pytest.mark.parametrize("what", [".", ".claude-plugin/plugin.json", ".claude"])
def test_the_client_finds_nothing_to_complain_about(what: str, clean_copy: Path, tmp_path: Path) -> None:
    # A throw-away HOME: even `validate` writes ~/.claude.json. It works offline and needs no login.
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "DISABLE_TELEMETRY": "1"}
    words = [client(), "plugin", "validate", what, "--strict"]
    ran = subprocess.run(words, cwd=clean_copy, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
