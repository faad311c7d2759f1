"""What the clients' errors mean to us. Everything is told apart by code and text, without importing a client."""

import re

from model_promotion.core.errors import Conflict, Denied, NotFound, NotLoggedIn, PromotionError, TimedOut, Unavailable
from model_promotion.core.redaction import redacted

LONGEST = 300
INSTALL_HINT = "start it with uv run --script promote_model.py, or with the Python of the .venv that make demo made"
# Error codes of the services, and the names of the databricks.sdk classes for answers that carry no code.
MISSING = frozenset(
    {
        "RESOURCE_DOES_NOT_EXIST",
        "NOT_FOUND",
        "MODEL_VERSION_DOES_NOT_EXIST",
        "CATALOG_DOES_NOT_EXIST",
        "SCHEMA_DOES_NOT_EXIST",
        "NotFound",
    }
)
FORBIDDEN = frozenset(
    {
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "CUSTOMER_UNAUTHORIZED",
        "UNAUTHORIZED",  # these two: what databricks.sdk makes of a login page
        "FORBIDDEN",
        "PermissionDenied",
        "Unauthenticated",
    }
)
CONTESTED = frozenset({"ABORTED", "RESOURCE_CONFLICT", "ResourceConflict"})
LOGIN_HINT = "log in (databricks auth login), or set DATABRICKS_HOST and DATABRICKS_TOKEN, or name a --profile"
# What a login page adds to an error, and where urllib3 hides the cause.
PAGE = re.compile(r"(?is)\W*(response body:?\W*)?<(!doctype|html).*")
CAUSE = re.compile(r"(?s)\w+\(host=.*Max retries exceeded .*\(Caused by (.*)\)")


def shortened(text: str) -> str:
    """The first line of an error that says something, without secrets and without the SDK's configuration dump."""
    text = re.split(r"\.? Config: \w+=", text, maxsplit=1)[0]
    text = PAGE.sub("", CAUSE.sub(r"gave up after several tries: \1", text))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = redacted(lines[0] if lines else "no message")
    return said if len(said) <= LONGEST else said[: LONGEST - 3] + "..."


def translated(error: BaseException, doing: str) -> PromotionError:
    """The error of ours that this one stands for; `doing` completes 'could not ...'.

    MLflow answers a login page, a dead proxy and an unknown method all with INTERNAL_ERROR, so the text is read too.
    """
    if isinstance(error, ModuleNotFoundError):
        # A defect of the installation; the code is that of a defect.
        return PromotionError(f"{error.name} is not installed here", hint=INSTALL_HINT)
    if type(error).__name__ == "RepresenterError":
        # mlflow#18352, in MLflow 3.0 to 3.5.0: the metrics of a version cannot be written to its YAML file.
        moving = "stage " in doing
        cannot = "move stages" if moving else "write or delete versions that have metrics"
        instead = ", or use aliases: --to production" if moving else ""
        said = f"could not {doing}: this MLflow cannot {cannot} in a folder of files"
        return Unavailable(said, hint=f"upgrade to mlflow 3.5.1 or later{instead}")
    return error if isinstance(error, PromotionError) else _told_apart(error, doing)


def _told_apart(error: BaseException, doing: str) -> PromotionError:
    code = str(getattr(error, "error_code", "") or "")
    # A code that MLflow does not know stands in front of the text only.
    codes = {code, str(error).partition(":")[0], *(kind.__name__ for kind in type(error).__mro__)}
    said = shortened(str(error))
    if codes & MISSING or (code == "INVALID_PARAMETER_VALUE" and "not found" in said):
        return NotFound(f"could not {doing}: {said}")
    if "ENDPOINT_NOT_FOUND" in codes:
        old = "an MLflow server before 2.3 has no aliases: --to-stage Production"
        return Unavailable(f"could not {doing}: this server does not know that call", hint=old)
    if codes & CONTESTED:
        return Conflict(f"could not {doing}: {said}", hint="somebody else was at it too; look again, then try again")
    if codes & FORBIDDEN or re.search(r"\b40[13]\b", said):
        return Denied(f"could not {doing}: not allowed or not logged in ({said})", hint=LOGIN_HINT)
    if "credential configuration failed" in str(error) or "cannot configure default credentials" in str(error):
        return NotLoggedIn(f"could not {doing}: no Databricks login was found", hint=LOGIN_HINT)
    return _unanswered(error, said, doing)


def _unanswered(error: BaseException, said: str, doing: str) -> Unavailable:
    if "<html" in str(error).lower() or "unable to parse response" in str(error).lower():
        return Unavailable(
            f"could not {doing}: a web page answered instead of a registry",
            hint="check the address and any proxy or login page in front of it",
        )
    if isinstance(error, TimeoutError) or "timed out" in said.lower():
        return TimedOut(f"could not {doing}: {said}", hint="try again, or allow more with --timeout DURATION")
    return Unavailable(f"could not {doing}: {said}", hint="try again; --verbose shows the details")
