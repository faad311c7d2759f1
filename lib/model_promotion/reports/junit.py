"""The model tests of an outcome as JUnit XML, which CI systems draw."""

import xml.etree.ElementTree as ET  # written only, never read
from collections.abc import Mapping
from typing import Any

from model_promotion.core.finding import Finding
from model_promotion.core.redaction import redacted

NONE_RAN = {"group": "model", "means": "failed"}


def render(finding: Finding, model: str) -> str:
    """One test case for each of ours and of the team's. What deserves a note passes, with the note as its output."""
    cases = finding.facts.get("cases") or [{"name": "example", "kind": "broke", "said": finding.sentence, **NONE_RAN}]
    took = finding.facts.get("measured", {}).get("took_s", {})
    suite = ET.Element("testsuite", name=_text(f"promote-model {model}"), tests=str(len(cases)))
    tags = [_added(suite, case, _text(f"{model}.{case['group']}"), took.get(case["name"], 0.0)) for case in cases]
    for name, tag in {"failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        suite.set(name, str(tags.count(tag)))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _added(suite: ET.Element, case: Mapping[str, Any], classname: str, took_s: float) -> str:
    """The test case, and in it how it ended; the tag of that, or nothing where it passed."""
    node = ET.SubElement(suite, "testcase", classname=classname, name=_text(case["name"]), time=f"{took_s:.3f}")
    said = _text(case["said"])
    if case["means"] == "failed":
        tag = "error" if case["kind"] == "broke" else "failure"
        ET.SubElement(node, tag, message=said).text = said
        return tag
    if case["kind"] == "skipped":
        ET.SubElement(node, "skipped", message=said)
        return "skipped"
    if said:
        ET.SubElement(node, "system-out").text = said
    return ""


def _text(value: object) -> str:
    """Text that XML can hold, without secrets."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in redacted(str(value)))
