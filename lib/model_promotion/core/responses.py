"""A response as an inference table keeps it, and the one answer in it.

https://docs.databricks.com/aws/en/ai-gateway/inference-tables-serving-endpoints: a row for each request, in whose
column `response` stands what was answered, as JSON.
"""

import json


def answer_in(text: str | None) -> str | None:
    """The answer in a response to one row; what is no response is the answer itself.

    None for a response without predictions, as failed requests have, and for one to several rows: nobody knows which of
    them a label is about.
    """
    if text is None or not text.lstrip().startswith("{"):
        return text
    try:
        found = json.loads(text)["predictions"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(found, list):
        found = found[0] if len(found) == 1 else None
    return None if found is None or isinstance(found, list | dict) else _plain(found)


def _plain(value: str | float) -> str:
    """As a column of such values is told: 1.0 and 1 are one number, and truth values are small letters."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)
