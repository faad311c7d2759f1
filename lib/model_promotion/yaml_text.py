"""YAML as people mean it: a key is there once, a number is decimal, and a short file does not become a long one."""

from collections.abc import Hashable
from typing import Any

import yaml

DECIMAL = frozenset("+-0123456789")


def read(text: str) -> Any:  # noqa: ANN401 - whatever YAML can say
    """The content as plain values.

    Raises:
        ValueError: when it is no YAML, or means something else than it seems to.
    """
    try:
        return yaml.load(text, Plain)  # noqa: S506 - it is a safe loader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error


class Plain(yaml.SafeLoader):
    """The safe loader, without what YAML silently makes of a slip."""

    _anchored = 0

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - as in yaml
        """Names within names double the content with every line."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) and self._anchored:
            raise yaml.YAMLError(f"*{event.anchor} stands within what has a name itself{event.start_mark}")
        anchored = not isinstance(event, yaml.AliasEvent) and event.anchor is not None
        self._anchored += anchored
        try:
            return super().compose_node(parent, index)
        finally:
            self._anchored -= anchored

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ANN401, FBT001, FBT002 - as in yaml
        """Of two keys of one name only the last would count."""
        seen = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if key.value in seen:
                raise yaml.YAMLError(f"{key.value} stands there twice{key.start_mark}")
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: Any) -> int:  # noqa: ANN401 - as in yaml
        """YAML 1.1 takes 010 for 8, and 1:30 for 90."""
        text = str(self.construct_scalar(node))
        digits = text.lstrip("+-")
        if not set(text) <= DECIMAL or (digits.startswith("0") and digits != "0"):
            raise yaml.YAMLError(f"{text} may be another number than it seems: write it in quotes{node.start_mark}")
        return int(text)


Plain.add_constructor("tag:yaml.org,2002:int", Plain.construct_number)
