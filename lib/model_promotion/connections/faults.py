"""What the clients' errors mean to us. Everything is told apart by code and text, without importing a client."""

import re

from model_promotion.core.errors import Denied, NotFound, PromotionError, Unavailable

LONGEST = 300
MISSING = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND", "MODEL_VERSION_DOES_NOT_EXIST"})
FORBIDDEN = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"})
LOGIN_HINT = "log in (databricks auth login), or set DATABRICKS_HOST and DATABRICKS_TOKEN, or name a --profile"
SECRET = re.compile(
    r"(?i)(bearer\s+|token[\"']?\s*[=:]\s*[\"']?|password[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]{4,}|dapi[0-9a-f]{8,}[-\w]*"
)
USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")


def redacted(text: str) -> str:
    """The text without tokens, passwords and user names in addresses."""
    return USER_INFO.sub("***@", SECRET.sub(lambda found: (found[1] or "") + "***", text))


def shortened(text: str) -> str:
    """The first line of an error that says something, without secrets and without the SDK's configuration dump."""
    text = text.split(" Config: host=", maxsplit=1)[0]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = redacted(lines[0] if lines else "no message")
    return said if len(said) <= LONGEST else said[: LONGEST - 3] + "..."


def translated(error: BaseException, doing: str) -> PromotionError:
    """The error of ours that this one stands for; `doing` completes 'could not ...'.

    MLflow answers a login page, a dead proxy and an unknown method all with INTERNAL_ERROR, so the text is read too.
    """
    if isinstance(error, PromotionError):
        return error
    code = str(getattr(error, "error_code", "") or "")
    said = shortened(str(error))
    if code in MISSING or (code == "INVALID_PARAMETER_VALUE" and "not found" in said):
        return NotFound(f"could not {doing}: {said}")
    if code in FORBIDDEN or re.search(r"\b40[13]\b", said):
        return Denied(f"could not {doing}: not allowed or not logged in ({said})", hint=LOGIN_HINT)
    if "credential configuration failed" in str(error) or "cannot configure default credentials" in str(error):
        return Denied(f"could not {doing}: no Databricks login was found", hint=LOGIN_HINT)
    if "<html" in str(error).lower() or "unable to parse response" in str(error).lower():
        return Unavailable(
            f"could not {doing}: a web page answered instead of a registry",
            hint="check the address and any proxy or login page in front of it",
        )
    return Unavailable(f"could not {doing}: {said}", hint="try again; --verbose shows the details")
