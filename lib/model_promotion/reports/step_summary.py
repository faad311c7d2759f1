"""The outcome as Markdown, for the job summary of GitHub Actions."""

import html
from collections.abc import Sequence
from pathlib import Path

from model_promotion.core.outcome import Outcome
from model_promotion.core.redaction import redacted

MARKS = {"passed": "✅", "warned": "⚠️", "failed": "❌", "unknown": "❔"}


def append(text: str, path: Path) -> None:
    """Add a rendered text to the summary file.

    Raises:
        OSError: when the file cannot be written.
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def render_failure(code: int, message: str, hint: str) -> str:
    """A headline, what went wrong, and the command to type next."""
    return f"### promote-model: exit code {code}\n\n❌ {_text(message)}\n\n- 💡 {_text(hint)}\n\n"


def render(outcome: Outcome) -> str:
    """A headline, the findings as a table, and the commands to type next; nothing in it can be read as HTML."""
    lines = [f"### {_text(outcome.mode.value)} {_text(outcome.model)}: exit code {int(outcome.code)}", ""]
    lines += [_text(outcome.summary), ""]
    if outcome.findings:
        lines += ["| | check | finding |", "|---|---|---|"]
        lines += [
            f"| {MARKS[finding.verdict.value]} | {_text(finding.topic)} | {_text(finding.sentence)} |"
            for finding in outcome.findings
        ]
        lines.append("")
    if outcome.table:
        header, rows = outcome.table.header, outcome.table.rows
        lines += [_row(header), "|---" * len(header) + "|", *(_row(row) for row in rows), ""]
    lines += [f"- ⚠️ {_text(warning)}" for warning in outcome.warnings]
    lines += [f"- 💡 {_text(hint)}" for hint in outcome.hints]
    lines += [f"- 🔙 {_text(outcome.undo)}"] if outcome.undo else []
    return "\n".join(lines) + "\n\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_text(cell) for cell in cells)} |"


def _text(value: str) -> str:
    """Text that stands for itself in a Markdown table: no HTML, link, cell border, line break, control character."""
    told = "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in " ".join(value.split())
    )
    escaped = html.escape(redacted(told))
    return "".join(f"\\{letter}" if letter in "|[]`*_<>!" else letter for letter in escaped)
