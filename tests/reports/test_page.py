"""A page is whole, needs nothing from elsewhere, can be read aloud, and holds what strangers wrote as text."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from model_promotion.core.entities import Identity
from model_promotion.core.event import Table
from model_promotion.core.exits import ExitCode
from model_promotion.core.finding import Finding, Verdict
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.reports.page import MOST_ROWS, render
from model_promotion.reports.told import Circumstances, Told, of_outcome
from tests.reports.pages import AROUND, HOSTILE, everything, hostile
from tests.worlds import MODEL, PERSON, a_scene

VOID = {"meta", "br"}
ALLOWED = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "footer",
        "h1",
        "h2",
        "h3",
        "div",
        "p",
        "strong",
        "span",
    ),
    *("dl", "dt", "dd", "ul", "ol", "li", "pre", "table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("figure", "figcaption", "svg", "desc", "line", "rect", "circle", "text"),
}
ADDRESSES = {"src", "href", "action", "srcset", "data", "xlink:href", "poster"}


class Reader(HTMLParser):
    """Reads a page, and fails where a tag is closed that is not open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.said: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


@pytest.fixture(scope="module")
def page() -> str:
    return render(everything())


@pytest.mark.parametrize("told", [everything, hostile], ids=["plain", "hostile"])
def test_a_page_asks_for_nothing_and_runs_nothing(told: object) -> None:
    made = render(told())  # type: ignore[operator]
    found = Reader(made)
    assert {tag for tag, _ in found.tags} <= ALLOWED
    assert not [name for _, attributes in found.tags for name in attributes if name in ADDRESSES or name[:2] == "on"]
    (policy,) = [one["content"] for one in found.all("meta") if "http-equiv" in one]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(r"url\(|@import", made.partition("</style>")[0])


def test_what_strangers_wrote_is_text() -> None:
    plain, found = Reader(render(everything())), Reader(render(hostile()))
    for one in HOSTILE:
        assert one in found.text
    grown = {tag for tag, _ in found.tags} - {tag for tag, _ in plain.tags}
    assert grown <= {"ol", "li"}


def test_secrets_and_letters_that_hide_others_do_not_come_through() -> None:
    said = "token=s3cr3t</td>\x00\x1b[2J\u202eabc http://ada:pw@h/x"
    made = render(replace(everything(), summary=said))
    assert "s3cr3t" not in made
    assert "ada:pw" not in made
    assert not re.search("[\x00\x1b\u202e]", made)
    Reader(made)


def test_it_can_be_read_aloud(page: str) -> None:
    found = Reader(page)
    assert found.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert {one["scope"] for one in found.all("th")} == {"col", "row"}
    assert len(found.all("table")) == len(found.all("caption"))
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert [one["role"] for one in found.all("svg")] == ["img"] * len(found.all("svg"))
    assert {name for one in found.all("svg") for name in one["aria-labelledby"].split()} == set(ids)


def test_it_tells_what_was_decided_why_and_how_to_go_back(page: str) -> None:
    told, said = everything(), Reader(page).text
    for one in (told.summary, "refused (exit code 2)", PERSON, "the new year's data", "2026-09-21", told.undo):
        assert " ".join(one.split()) in said
    for finding in told.findings:
        assert finding.sentence in said
    assert "promotion_intent" in said


def test_every_plot_is_there(page: str) -> None:
    titles = re.findall(r"<title id=.*?>(.*?)</title>", page)
    assert titles == [
        "Change of each metric",
        "Change in each slice",
        "Drift by column",
        "Latency of champion",
        "Latency of candidate",
        "Traffic of the new version",
    ]


def test_the_same_decision_is_the_same_page(page: str) -> None:
    assert render(everything()) == page


def told_of(mode: Mode) -> Told:
    outcome = a_scene().promote(mode=mode)
    return of_outcome(outcome, Request(mode, MODEL), AROUND)


@pytest.mark.parametrize(
    ("mode", "deed", "ended"),
    [
        (Mode.PROMOTE, "Promotion", "done"),
        (Mode.CHECK, "Check of a promotion", "may go"),
        (Mode.DRY_RUN, "Dry run of a promotion", "may go"),
    ],
)
def test_each_kind_of_call_says_what_it_was(mode: Mode, deed: str, ended: str) -> None:
    told = told_of(mode)
    assert (told.deed, told.ended) == (deed, ended)
    found = Reader(render(told))
    assert f"{deed}: {MODEL}" in found.text
    assert ("Nothing was written" in found.text) == (mode is Mode.DRY_RUN)
    assert ("Steps" in found.text) == (mode is Mode.PROMOTE)


def test_a_call_that_found_nothing_has_a_page_too() -> None:
    failed = Outcome(Mode.PROMOTE, ExitCode.NOT_FOUND, "there is no such model", hints=("see --list",))
    nobody = Circumstances(Identity("unknown", vouched_by="nobody"), 0.0, "none")
    said = Reader(render(of_outcome(failed, Request(Mode.PROMOTE), nobody))).text
    assert "not found (exit code 3) there is no such model" in said
    assert "none was found" in said


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = [(str(number),) for number in range(MOST_ROWS + 3)]
    found = Finding(Verdict.PASSED, "so many", table=Table(("n",), rows), check="own.check", topic="Own")
    made = render(replace(everything(), findings=(found,)))
    assert "3 more rows are not shown" in made
