"""The house holds: floors, doors to the outside, sizes. What is wrong is named; house.md says why."""

import ast
import statistics
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
ROOF = REPO / "lib" / "model_promotion"
TESTS = REPO / "tests"

FLOORS = (
    {"core"},
    {"ports", "evidence", "world", "witness", "together", "undisturbed", "clocks", "owners", "voices", "connections"},
    {"checks", "registries", "serving", "scoring", "engines", "access", "approvals", "journals", "reports", "alerts"},
    {"flows"},
    {"settings", "catalog", "wiring", "console", "options", "asked", "fleets", "yaml_text", "services"},
    {"job", "jobs", "cli", "demo", "__main__", "__init__"},
)
FAMILIES = 2

# What reaches outside -> the only files that do it.
DOORS = {
    "print": {"console.py"},
    "tabulate": {"console.py"},
    "tqdm": {"console.py"},
    "the clock": {
        "clocks.py",
        "scoring/child.py",
        "scoring/score_child.py",
        "scoring/probe_child.py",
    },  # they time the model, with no house around
    "socket": {"connections/preflight.py", "owners.py"},
    "subprocess": {
        "scoring/process.py",
        "scoring/ending.py",  # ends what process.py has started
        "scoring/suite_plugin.py",  # in a child: two models share none
        "engines/_spark_java.py",
        "approvals/ssh.py",
    },
    "pyspark": {
        "engines/spark.py",
        "engines/_spark_session.py",
        "engines/_spark_java.py",
        "engines/_spark_shipping.py",
        "engines/_spark_frames.py",
        "engines/_spark_columns.py",
        "engines/_spark_worker.py",
    },
    "databricks": {"connections/databricks.py", "connections/warehouse.py"},
    "duckdb": {"engines/_duckdb.py"},
    "jinja2": {"reports/page.py"},
    "prometheus_client": {"evidence/health/scraped.py"},
    "apprise": {"alerts/apprise.py"},
    "river": {"evidence/health/trend.py"},
    "pydantic": {
        "settings.py",
        "services/alerts.py",
        "services/values.py",
        "services/service.py",
        "jobs/job.py",
        "jobs/command.py",
        "jobs/config.py",
    },
    "mlflow": {
        "connections/mlflow.py",
        "connections/as_found.py",
        "registries/mlflow.py",
        "registries/_bulk.py",
        "journals/mlflow.py",
        "scoring/manners.py",
        "scoring/child.py",
        "scoring/probe_child.py",
        "scoring/suite_plugin.py",
        "scoring/aside_child.py",
        "demo/models.py",
        "demo/server.py",
    },
    "the environment": {
        "cli.py",
        "settings.py",
        "connections/databricks.py",
        "connections/mlflow.py",
        "scoring/process.py",
        "engines/_spark_java.py",
        "engines/_spark_session.py",
        "demo/show.py",
    },
    "writing files": {
        "approvals/ssh.py",  # a signature, for ssh-keygen to read
        "cli.py",
        "journals/file.py",
        "journals/mlflow.py",
        "reports/metadata_file.py",
        "reports/step_summary.py",
        "reports/whole_file.py",
        "registries/memory.py",
        "scoring/process.py",
        "scoring/streams.py",
        "scoring/abroad.py",
        "engines/_spark_java.py",
        "scoring/child.py",
        "scoring/exams.py",
        "scoring/manners.py",
        "demo/models.py",
        "demo/show.py",
    },
}
SDKS = {"subprocess", "mlflow", "databricks", "duckdb", "tabulate", "tqdm", "pydantic", "pyspark", "river", "socket"}
SDKS |= {"prometheus_client", "apprise", "jinja2"}
CLOCK = {"time.time", "time.sleep", "time.monotonic", "time.perf_counter", "datetime.now"}
WRITERS = {"write_text", "write_bytes", "mkdir", "NamedTemporaryFile", "mkstemp"}

# What no test imports: the program itself runs it, in these tests.
RUN_BY = {
    "flows/rollouts/baking.py": "flows/rollouts/test_disturbed.py",
    "__main__.py": "test_cli.py",
    "access/databricks.py": "e2e/test_unity_catalog.py",
    "access/mlflow.py": "test_demo.py",
    "checks/data_schema.py": "e2e/test_evidence.py",
    "engines/_duckdb.py": "engines/test_duckdb.py",
    "engines/_forms.py": "engines/test_files.py",
    "engines/_roles.py": "engines/test_local.py",
    "engines/_columns.py": "engines/test_local.py",
    "engines/_spark_columns.py": "engines/test_spark.py",
    "engines/_spark_frames.py": "engines/test_spark.py",
    "engines/_spark_shipping.py": "engines/test_engines_agree.py",
    "engines/_spark_worker.py": "engines/test_engines_agree.py",
    "checks/_endpoints.py": "checks/test_endpoint_smoke.py",
    "core/strict.py": "test_settings.py",
    "serving/_http.py": "serving/test_load.py",
    "serving/_sending.py": "serving/test_load.py",
    "checks/_measuring.py": "checks/test_evaluation.py",
    "checks/_orders.py": "checks/test_evaluation.py",
    "checks/_question.py": "checks/test_evaluation.py",
    "evidence/reach.py": "evidence/test_comparing.py",
    "engines/_files.py": "engines/test_local.py",
    "fleets.py": "e2e/test_fleets.py",
    "checks/endpoint_rollout.py": "flows/rollouts/test_rolling_out.py",
    "flows/announcing.py": "flows/test_acting.py",
    "flows/rollouts/delivering.py": "flows/rollouts/test_canary.py",
    "flows/rollouts/endpoints.py": "flows/rollouts/test_rolling_out.py",
    "flows/watches/going_back.py": "flows/test_watch.py",
    "flows/watches/watching.py": "flows/test_watch.py",
    "flows/watches/data.py": "flows/watches/test_data.py",
    "flows/watches/endpoint.py": "flows/test_watch.py",
    "flows/hands.py": "flows/test_acting.py",
    "flows/rollouts/probes.py": "flows/rollouts/test_canary.py",
    "flows/rollouts/keeping_on.py": "flows/rollouts/test_overruling.py",
    "flows/way_back.py": "flows/test_rollback.py",
    "flows/rollouts/rolling.py": "flows/rollouts/test_rolling_out.py",
    "flows/rollouts/routes_back.py": "flows/rollouts/test_rolling_out.py",
    "flows/crew.py": "flows/test_fleet.py",
    "flows/deleting.py": "flows/test_cleanup.py",
    "flows/ending.py": "flows/test_recover.py",
    "flows/group.py": "flows/test_fleet.py",
    "flows/member.py": "flows/test_fleet.py",
    "flows/taking_back.py": "flows/test_fleet.py",
    "connections/mlflow.py": "e2e/test_unity_catalog.py",
    "connections/databricks.py": "e2e/test_unity_catalog.py",
    "demo/models.py": "test_demo.py",
    "registries/mlflow.py": "e2e/test_unity_catalog.py",
    "reports/whole_file.py": "reports/test_plan_file.py",
    "ports/alerts.py": "worlds.py",
    "ports/registry.py": "worlds.py",
    "ports/serving.py": "worlds.py",
    "ports/records.py": "worlds.py",
    "ports/models.py": "worlds.py",
    "ports/data.py": "worlds.py",
    "ports/surroundings.py": "worlds.py",
    "registries/mlflow_copy.py": "e2e/test_copies.py",
    "serving/databricks.py": "e2e/test_unity_catalog.py",
    "connections/warehouse.py": "engines/test_warehouse.py",
    "engines/_warehouse_sql.py": "engines/test_warehouse.py",
    "scoring/aside_child.py": "scoring/test_exams.py",
    "scoring/probe_answers.py": "scoring/test_exams.py",
    "scoring/manners.py": "scoring/test_process.py",
    "scoring/suite_child.py": "scoring/test_exams.py",
    "scoring/suite_plugin.py": "scoring/test_exams.py",
    "undisturbed.py": "flows/test_acting.py",
    "registries/_scores.py": "registries/test_bulk.py",
}
MOST_PATCHES_PER_100_TESTS = 5
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.stat().st_size)


def name(path: Path) -> str:
    return path.relative_to(ROOF).as_posix()


def room(dotted: str) -> str:
    """`model_promotion.core.plan` is in the room core; the package itself is the roof."""
    return [*dotted.split("."), "__init__"][1]


def floor(which: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if which in rooms)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it that happens."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, Function)]


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def deeds(path: Path) -> Iterator[str]:
    """What a file does that reaches outside: by import, by attribute, by call."""
    yield from {module.split(".")[0] for module in imports(path)} & SDKS
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"):
            yield "the environment"
        if isinstance(node, ast.Attribute) and ast.unparse(node) in CLOCK:
            yield "the clock"
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print":
            yield "print"
        if isinstance(node, ast.Call) and writes(node):
            yield "writing files"


def writes(call: ast.Call) -> bool:
    called = ast.unparse(call.func).split(".")[-1]
    given = [ast.unparse(value).strip("'") for value in (*call.args, *(word.value for word in call.keywords))]
    mode = any(set(text) <= set("rwaxbt+") and set(text) & set("wax+") for text in given)
    return called in WRITERS or (called == "open" and mode)


def nine_tenths(sizes: list[int]) -> int:
    return sorted(sizes)[len(sizes) * 9 // 10]


# --- floors ---


@pytest.mark.parametrize("path", files(ROOF), ids=name)
def test_imports_go_downstairs_only(path: Path) -> None:
    here = name(path).split("/")[0].removesuffix(".py")
    for module in (module for module in imports(path) if module.split(".")[0] == "model_promotion"):
        there = room(module)
        if there[0].isupper() or there == "__init__":
            there = "core"  # a public name, re-exported by the roof
        assert here == there or floor(there) <= floor(here), f"{name(path)} goes upstairs for {module}"
        assert here == there or floor(there) != FAMILIES or floor(here) != FAMILIES, f"{name(path)} visits {module}"


@pytest.mark.parametrize("path", files(ROOF / "core"), ids=name)
def test_the_ground_floor_needs_nothing_but_the_standard_library(path: Path) -> None:
    roots = {module.split(".")[0] for module in imports(path)}
    assert roots <= sys.stdlib_module_names | {"model_promotion"}


def test_every_room_has_its_floor_and_every_floor_its_rooms() -> None:
    there = {path.relative_to(ROOF).parts[0].removesuffix(".py") for path in ROOF.rglob("*.py")}
    assert there == set().union(*FLOORS)


# --- doors ---


@pytest.mark.parametrize("deed", DOORS)
def test_what_reaches_outside_is_done_in_these_files_only(deed: str) -> None:
    assert {name(path) for path in files(ROOF) if deed in deeds(path)} == DOORS[deed]


# --- sizes ---


def test_files_are_short() -> None:
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(ROOF)}
    assert statistics.median(sizes.values()) <= 120
    assert nine_tenths([*sizes.values()]) <= 275
    assert not {where: size for where, size in sizes.items() if size > 400}


def test_functions_are_short() -> None:
    sizes = {
        f"{name(path)}:{node.name}:{node.lineno}": length(node) for path in files(ROOF) for node in functions(path)
    }
    assert statistics.median(sizes.values()) <= 8
    assert nine_tenths([*sizes.values()]) <= 30
    assert not {where: size for where, size in sizes.items() if size > 60}


@pytest.mark.parametrize("path", files(ROOF), ids=name)
def test_functions_take_at_most_four_parameters(path: Path) -> None:
    for node in functions(path):
        taken = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        assert len([arg for arg in taken if arg not in ("self", "cls")]) <= 4, node.name


@pytest.mark.parametrize("path", files(ROOF), ids=name)
def test_every_public_function_says_what_it_answers(path: Path) -> None:
    homes = [tree(path), *(node for node in tree(path).body if isinstance(node, ast.ClassDef))]
    public = [node for home in homes for node in home.body if isinstance(node, Function) and node.name[0] != "_"]
    assert not [node.name for node in public if not ast.get_docstring(node)]


# --- tests ---


@pytest.mark.parametrize(
    "path", [path for path in files(ROOF) if path.name not in ("__init__.py", "memory.py")], ids=name
)
def test_every_file_has_a_test_that_mirrors_it_imports_it_or_runs_it(path: Path) -> None:
    module = f"model_promotion.{name(path).removesuffix('.py').replace('/', '.')}"
    mirrored = (TESTS / path.relative_to(ROOF)).with_name(f"test_{path.name}").exists()
    imported = any(f"{one}.".startswith(f"{module}.") for test in files(TESTS) for one in imports(test))
    assert mirrored or imported or (TESTS / RUN_BY.get(name(path), "nowhere")).is_file()


def test_almost_nothing_of_ours_is_patched() -> None:
    tests = [node for path in files(TESTS) for node in functions(path) if node.name.startswith("test_")]
    patches = [
        call
        for path in files(TESTS)
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and patched(call, path)
    ]
    assert len(patches) <= MOST_PATCHES_PER_100_TESTS * len(tests) / 100


def patched(call: ast.Call, path: Path) -> bool:
    """Whether a call puts something else in the place of code of ours."""
    if not ast.unparse(call.func).endswith((".setattr", "mocker.patch", "patch.object")) or not call.args:
        return False
    first = ast.unparse(call.args[0]).strip("'").split(".")[0]
    ours = {module.split(".")[-1] for module in imports(path) if module.startswith("model_promotion")}
    return first in {"model_promotion", *ours}


def test_tests_and_code_are_in_proportion(capsys: pytest.CaptureFixture[str]) -> None:
    code, tests = (
        sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files(here)) for here in (ROOF, TESTS)
    )
    with capsys.disabled():
        print(f"\nlib {code} lines, tests {tests} lines: {tests / code:.2f} lines of test for each line of code")
    assert tests > code
