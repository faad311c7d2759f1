"""Text without secrets: whatever leaves this program passes through here."""

import re
from functools import lru_cache
from typing import Any

NAMED = r"(?:token|password|passwd|pwd|secret|api[-_]?key|access[-_]?key(?:[-_]?id)?|[?&]sig|x-amz-signature)"
SECRET = re.compile(
    rf"""((?i:bearer\s+|authorization["']?\s*[=:]\s*["']?basic\s+|{NAMED}["']?\s*[=:]\s*["']?))[^\s"',;&]+"""
    r"|\b(?i:dapi[0-9a-f]{8,}[-\w]*)"
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"
)
# Of these services the whole address is a secret: whoever has it can write there.
WEBHOOK = re.compile(
    r"""((?i:apprise|discord|gchat|hassio|ifttt|join|json|form|xml|mailgun|mailto|matrix|mmost|msteams|ntfy|opsgenie"""
    r"""|pagerduty|pbul|pover|rocket|sendgrid|ses|signal|slack|sns|splunk|teams|tgram|twilio|victorops|workflows?"""
    r"""|wxteams|zulip)s?://|https://(?:hooks\.slack\.com|discord(?:app)?\.com/api/webhooks|[\w.-]+\.webhook\.office\.com"""
    r"""|[\w.-]+\.logic\.azure\.com)/)[^\s"'<>]+"""
)
USER_INFO = re.compile(r"(?<=://)[^/\s]+@")


def redacted(text: str) -> str:
    """The text without tokens, passwords and user names in addresses."""
    text = WEBHOOK.sub(lambda found: f"{found[1]}***", text)
    return USER_INFO.sub("***@", SECRET.sub(lambda found: (found[1] or "") + "***", text))


def redacted_within(value: Any) -> Any:  # noqa: ANN401 - JSON is any of six types
    """A JSON value with every text in it redacted; numbers and names of fields stay what they are."""
    if isinstance(value, dict):
        return {_again(key): redacted_within(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted_within(item) for item in value]
    return _again(value) if isinstance(value, str) else value


@lru_cache(maxsize=4096)
def _again(text: str) -> str:
    """The same for names and values that come again and again in a long document."""
    return redacted(text)
