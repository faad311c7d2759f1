"""Hostile input at every door: no traceback, no defect, no hang, no write, no character that draws over our lines."""

import contextlib
import io
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from model_promotion import wiring
from model_promotion.cli import main
from model_promotion.core.intent import HOLD_TAG, Intent, Move
from model_promotion.core.record import HEAD_TAG, Head, digest
from model_promotion.journals.file import FileJournal
from model_promotion.ports import Voice
from model_promotion.settings import Settings
from model_promotion.world import World
from tests.torture.conftest import LONG, Tally
from tests.worlds import METADATA, MODEL, Scene, a_scene

TRIED: Counter[str] = Counter()
ENDS = {0, 1, 2, 3, 4, 64}
fuzzed = settings(
    max_examples=600 if LONG else 40, deadline=20_000, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def _counted(tally: Tally) -> Iterator[None]:
    before = TRIED.copy()
    yield
    tried = TRIED - before
    tally["hostile inputs"] = sum(tried.values())
    print(f"\nfuzz: {dict(tried)}")  # noqa: T201 - the figures of a run are part of its result


# --- one call ---


@dataclass
class Desk:
    """A scene, a folder to stand in, and what the last call printed."""

    folder: Path
    scene: Scene = field(default_factory=a_scene)
    said: str = ""

    def plug_in(self, wanted: Settings, voice: Voice) -> World:
        return replace(self.scene.world, voice=voice, policy=wanted.policy, checks=wiring.checks(wanted))

    def call(self, *words: str, typed: bytes = b"") -> int:
        """One call; whatever it was, the program stays in its role."""
        before, self.scene.writer.sent[:] = self.scene.state(), []
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            patch.chdir(self.folder)
            patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
            patch.setattr(wiring, "plug_in", self.plug_in)
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), encoding="utf-8"))
            code = main(words)
            out.flush()
        self.said = out.buffer.getvalue().decode()  # type: ignore[attr-defined] - BytesIO has it
        assert code in ENDS, self.said
        verbose = "--verbose" in words or b"--verbose" in typed
        assert verbose or "Traceback" not in self.said
        assert not {letter for letter in self.said if not letter.isprintable()} - {"\n"}, self.said
        if code not in (0, 1):
            assert self.scene.state() == before
        return code


@contextlib.contextmanager
def a_desk(kind: str) -> Iterator[Desk]:
    TRIED[kind] += 1
    with tempfile.TemporaryDirectory() as folder:
        deep = Path(folder) / "a" / "b" / "c"
        deep.mkdir(parents=True)
        yield Desk(deep)


# --- hostile values ---

NASTY = [
    "", " ", "\0", "\x1b[2J\x1b[31m", "\r\n✅ done", "a\nb", "\u202e", "\ud800", "🔙", "ﬁ", "٣", "é" * 300, "x" * 5000,
    "../../etc/passwd", "..", "-", "--", "---", "-1", "0", "00", "1e999", "NaN", "Infinity", "9" * 5000, "v2", "latest",
    "$(touch pwned)", "`id`", "';DROP TABLE x;--", "<script>alert(1)</script>", "%s%n{0}{x}", "__import__('os')",
    "models:/x/1", "models:/", "@", "@@", ":", "a:b:c", "x@champion", "1.2.3", "1.2.3-", "https://u:p@h/", "file:///",
    "[" * 20_000, '{"a":' * 20_000,
]  # fmt: skip
free = st.text(st.characters(exclude_characters="/"), max_size=30)
nasty = st.one_of(st.sampled_from(NASTY), free)
numbers = st.one_of(
    st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 1e308, 1e18, 0, -1, 253402300800, float("inf")])
)
leaves = st.one_of(st.none(), st.booleans(), numbers, nasty)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(nasty, inner, max_size=4)),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> bytes:
    """The text with a few bytes cut out, doubled, put in or changed."""
    raw = text.encode()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(raw)))
        upto = min(len(raw), at + draw(st.integers(0, 12)))
        put = draw(st.one_of(st.binary(max_size=8), nasty.map(lambda one: one.encode(errors="replace")), st.just(b"")))
        raw = raw[:at] + put + draw(st.sampled_from([b"", raw[at:upto] * 2])) + raw[upto:]
    return raw


@st.composite
def bent(draw: st.DrawFn, body: Any) -> Any:
    """The same document with one of its values, at any depth, gone or replaced."""
    keys = list(body) if isinstance(body, dict) else list(range(len(body))) if isinstance(body, list) else []
    if not keys or draw(st.integers(0, 5)) == 0:
        return draw(values)
    copy, key = body.copy(), draw(st.sampled_from(keys))
    if draw(st.integers(0, 4)) == 0:
        del copy[key]
    else:
        copy[key] = draw(bent(body[key]))
    return copy


def compact(body: Any) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def texts_like(text: str) -> st.SearchStrategy[str]:
    """Anything, hostile things, and what is nearly the given JSON."""
    bytewise = mutated(text).map(lambda raw: raw.decode(errors="replace"))
    return st.one_of(nasty, values.map(compact), bent(json.loads(text)).map(compact), bytewise)


# --- policy files ---

POLICY = """# what a team asks
[metrics.f1]
direction = "higher"
tolerance = 0.01
relative_tolerance = 0.05
[checks.signature]
required = true
[model_tests]
timeout_s = 60.0
memory_mib = 2048
[record]
experiment = "ours"
"""


@fuzzed
@given(raw=st.one_of(st.binary(max_size=200), mutated(POLICY), nasty.map(lambda one: one.encode(errors="replace"))))
def test_no_policy_file_breaks_the_program(raw: bytes) -> None:
    with a_desk("policy files") as desk:
        (desk.folder / "policy.toml").write_bytes(raw)
        if desk.call(MODEL, "--policy", "policy.toml", "--compare-metrics") == 64:
            assert desk.scene.writer.sent == []


# --- plan files ---


def a_plan(desk: Desk) -> str:
    assert desk.call(MODEL, "--plan-out", "plan.json") in (0, 1)
    return (desk.folder / "plan.json").read_text()


def sealed(body: dict[str, Any]) -> str:
    """What somebody who read our source would do after an edit."""
    rest = {key: value for key, value in body.items() if key not in ("sha256", "schema_version", "kind")}
    whole = {"schema_version": body.get("schema_version"), "kind": body.get("kind"), **rest}
    return json.dumps({**whole, "sha256": digest(json.dumps(whole, sort_keys=True, separators=(",", ":")))})


def applied(desk: Desk, raw: bytes) -> None:
    """Applying never writes."""
    (desk.folder / "plan.json").write_bytes(raw)
    assert desk.call("--apply", "plan.json") not in (0, 1), desk.said
    assert desk.scene.writer.sent == []


@fuzzed
@given(data=st.data())
def test_a_plan_file_that_was_tampered_with_is_never_applied(data: st.DataObject) -> None:
    with a_desk("plan files") as desk:
        plan = a_plan(desk)
        raw = data.draw(st.one_of(st.binary(max_size=200), mutated(plan), texts_like(plan).map(encoded)))
        assume(not same(raw, plan))
        applied(desk, raw)


@fuzzed
@given(data=st.data(), part=st.sampled_from(["facts", "writes"]))
def test_a_plan_with_other_facts_is_stale_even_with_a_fitting_seal(data: st.DataObject, part: str) -> None:
    with a_desk("plan files, sealed again") as desk:
        body = json.loads(a_plan(desk))
        other = {**body, part: data.draw(bent(body[part]))}
        assume(other != body)
        applied(desk, encoded(sealed(other)))


@fuzzed
@given(data=st.data(), part=st.sampled_from(["asked", "made_at", "made_by", "schema_version", "kind"]))
def test_a_plan_that_asks_for_anything_at_all_breaks_nothing(data: st.DataObject, part: str) -> None:
    with a_desk("plan files, sealed again") as desk:
        body = json.loads(a_plan(desk))
        body[part] = data.draw(bent(body[part]))
        (desk.folder / "plan.json").write_bytes(encoded(sealed(body)))
        desk.call("--apply", "plan.json")


def encoded(text: str) -> bytes:
    return text.encode(errors="replace")


def same(raw: bytes, plan: str) -> bool:
    try:
        return bool(json.loads(raw) == json.loads(plan))
    except (ValueError, RecursionError):
        return False


# --- the command line ---

FLAGS = [
    "--dry-run", "--plan-out", "--apply", "--check", "--rollback", "--release", "--recover", "--history",
    "--verify-audit", "--model-name", "--from", "--to", "--version", "--to-version", "--at", "--reason",
    "--compare-metrics", "--run-tests", "--env-manager", "--force", "--policy", "--registry-uri", "--tracking-uri",
    "--profile", "--timeout", "-h", "--help", "--json", "--plain", "--verbose", "--if-better", "--else-alias",
]  # fmt: skip
GOOD = [MODEL, f"{MODEL}@staging", f"models:/{MODEL}/2", "2", "latest", "staging", "resume", "abandon", "90s", "1"]
word = st.one_of(
    st.sampled_from(FLAGS), st.sampled_from(GOOD), nasty, st.tuples(st.sampled_from(FLAGS), nasty).map("=".join)
)
call_words = st.one_of(
    st.lists(word, max_size=6), st.tuples(st.sampled_from(FLAGS), nasty).map(lambda pair: [MODEL, *pair])
)


@fuzzed
@given(words=call_words)
def test_no_words_on_the_command_line_break_the_program(words: list[str]) -> None:
    with a_desk("command lines") as desk:
        if desk.call(*words) not in (0, 1):
            assert desk.scene.writer.sent == []


@fuzzed
@given(typed=st.one_of(st.binary(max_size=100), st.lists(word, max_size=6).map(" ".join).map(encoded)))
def test_no_text_on_standard_input_breaks_the_program(typed: bytes) -> None:
    with a_desk("--args-stdin") as desk:
        assert desk.call("--args-stdin", typed=typed) == 0
        last = desk.said.rstrip().splitlines()[-1]
        assert last.startswith("exit code: ")
        assert int(last.removeprefix("exit code: ")) in ENDS
        if not last.endswith((" 0", " 1")):
            assert desk.scene.writer.sent == []


# --- what strangers left in the registry ---

MOVES = (Move("prev_champion", None, "1"), Move("champion", "1", "2"))
INTENT = Intent("a" * 12, "a" * 12, "promote", "champion", MOVES, 1.7e9)
HEAD = Head(3, "memory-3", "0" * 64)
MODES = [
    (), ("--check",), ("--dry-run", "--json"), ("--rollback",), ("--rollback", "--to-version", "2"), ("--release",),
    ("--recover", "resume"), ("--recover", "abandon", "--force"), ("--history",), ("--verify-audit",),
]  # fmt: skip


@fuzzed
@given(
    intent=st.one_of(st.none(), texts_like(INTENT.text)),
    head=st.one_of(st.none(), texts_like(HEAD.text)),
    hold=st.one_of(st.none(), nasty),
    mode=st.sampled_from(MODES),
)
def test_no_tag_that_a_stranger_wrote_breaks_the_program(
    intent: str | None, head: str | None, hold: str | None, mode: tuple[str, ...]
) -> None:
    with a_desk("tags") as desk:
        for key, value, version in ((INTENT.key, intent, None), (HEAD_TAG, head, None), (HOLD_TAG, hold, "2")):
            desk.scene.tag_by_hand(key, value, version)
        desk.scene.by_hand("prev_champion", "3")
        code = desk.call(MODEL, *mode)
        assert desk.scene.aliases["champion"] in {"1", "2", "3", "4"}
        if intent is not None and "--recover" not in mode:
            assert desk.scene.writer.sent == []
            assert code != 0 or mode[0] in ("--history", "--verify-audit")


@fuzzed
@given(data=st.data(), mode=st.sampled_from(MODES))
def test_no_record_that_a_stranger_edited_breaks_the_program(data: st.DataObject, mode: tuple[str, ...]) -> None:
    with a_desk("records") as desk:
        desk.scene.promote("2")
        desk.scene.promote("3")
        lines = [record.text for record in desk.scene.journal.records]
        at = data.draw(st.integers(0, 1))
        lines[at] = data.draw(st.one_of(texts_like(lines[at]), st.just(lines[at])))
        (desk.folder / "records.jsonl").write_bytes(
            encoded("\n".join([*lines, *data.draw(st.lists(nasty, max_size=2))]))
        )
        desk.scene.journal = FileJournal(desk.folder / "records.jsonl")  # type: ignore[assignment] - a journal too
        desk.scene.heal()
        desk.call(MODEL, *mode)


# --- what a model says about itself ---

SIGNATURES = {
    "inputs": [
        {"name": "a", "type": "long"},
        {"name": "t", "type": "tensor", "tensor-spec": {"dtype": "f", "shape": [-1]}},
    ],
    "outputs": [
        {"type": "object", "properties": {"x": {"type": "array", "items": {"type": "double"}, "required": True}}}
    ],
    "params": [{"name": "p", "type": "double", "default": 1.0, "shape": None}],
}


@fuzzed
@given(data=st.data())
def test_nothing_a_model_says_about_itself_breaks_the_program(data: st.DataObject) -> None:
    with a_desk("MLmodel files") as desk:
        for number in ("1", "2"):
            parts = {part: data.draw(texts_like(json.dumps(body))) for part, body in SIGNATURES.items()}
            whole = data.draw(
                st.one_of(
                    bent({**METADATA, "signature": parts, "model_size_bytes": 5}),
                    st.just({**METADATA, "signature": parts}),
                )
            )
            desk.scene.registry.metadata_of[number] = whole if isinstance(whole, dict) else {"flavors": whole}
        desk.call(MODEL, "--check", "--run-tests")
        assert desk.scene.writer.sent == []
