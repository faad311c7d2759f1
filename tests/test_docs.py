"""What docs/ tells, held against the tests and the codes there are."""

import ast
import re

import pytest

from model_promotion.core.exits import ExitCode
from tests.e2e.program import DOOR

REPO = DOOR.parent
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((REPO / "docs").glob("*.md"))}
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
WHOLE = re.compile(r"`(tests/[\w/]+\.py)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")


def rows(title: str) -> list[list[str]]:
    """The cells of the table under a headline of guarantees.md, without its header."""
    _, _, after = PAGES["guarantees.md"].partition(f"\n## {title}\n")
    lines = [line for line in after.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


FAULTS = rows("Faults")


@pytest.mark.parametrize("where", sorted({found for page in PAGES.values() for found in NAMED.findall(page)}))
def test_every_test_that_is_named_exists(where: tuple[str, str]) -> None:
    path, name = where
    there = ast.walk(ast.parse((REPO / path).read_text(encoding="utf-8")))
    assert name in {node.name for node in there if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_or_linked_exists(page: str) -> None:
    named = [REPO / path for path in WHOLE.findall(PAGES[page])]
    linked = [REPO / "docs" / (path or page) for path, _ in LINK.findall(PAGES[page])]
    assert [path for path in (*named, *linked) if not path.is_file()] == []


def test_every_fault_has_what_is_done_a_code_of_the_tool_and_a_test() -> None:
    assert len(FAULTS) > 25
    assert {len(row) for row in FAULTS} == {4}
    assert {int(row[2]) for row in FAULTS} <= {int(code) for code in ExitCode}
    assert [row[0] for row in FAULTS if not NAMED.fullmatch(row[3])] == []


def test_no_fault_is_told_twice() -> None:
    assert len({row[0] for row in FAULTS}) == len(FAULTS)


def test_every_promise_of_the_contract_is_told() -> None:
    _, _, after = PAGES["guarantees.md"].partition("\n## What is promised\n")
    told = re.findall(r"(?m)^(\d+)\. ", after.partition("\n## ")[0])
    assert told == [str(number) for number in range(1, 13)]
