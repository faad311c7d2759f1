"""The tables of facts/mlflow.md section 6 and facts/databricks.md section 3, with the clients' own errors."""

import pytest
from databricks.sdk import errors as sdk
from mlflow.exceptions import MlflowException, RestException

from model_promotion.connections.faults import LONGEST, translated
from model_promotion.core.errors import Conflict, Denied, NotFound, NotLoggedIn, PromotionError, TimedOut, Unavailable
from model_promotion.core.redaction import redacted, redacted_within

CONFIG = ". Config: host=https://adb-1.azuredatabricks.net, token=***, auth_type=pat. Env: DATABRICKS_HOST"
TOKEN = "dapi" + "0123456789abcdef" * 2
AWS_KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def rest(code: str, message: str = "it did not work") -> RestException:
    return RestException({"error_code": code, "message": message})


def local(code: str, message: str) -> MlflowException:
    error = MlflowException(message)
    error.error_code = code
    return error


FAULTS: dict[str, tuple[Exception, type[PromotionError]]] = {
    "a missing model": (rest("RESOURCE_DOES_NOT_EXIST"), NotFound),
    "a missing model, in other words": (rest("NOT_FOUND"), NotFound),
    "a missing version": (rest("MODEL_VERSION_DOES_NOT_EXIST"), NotFound),
    "a missing alias on sqlite": (local("INVALID_PARAMETER_VALUE", "Registered model alias x not found."), NotFound),
    "a missing catalog": (rest("CATALOG_DOES_NOT_EXIST"), NotFound),
    "a missing endpoint": (sdk.NotFound("no"), NotFound),
    "a missing table": (sdk.ResourceDoesNotExist("no", error_code="RESOURCE_DOES_NOT_EXIST"), NotFound),
    "403": (rest("PERMISSION_DENIED"), Denied),
    "401": (rest("UNAUTHENTICATED"), Denied),
    "401 of a customer": (rest("CUSTOMER_UNAUTHORIZED"), Denied),
    "403 of the SDK": (sdk.PermissionDenied("no" + CONFIG, error_code="PERMISSION_DENIED"), Denied),
    "401 of the SDK without a code": (sdk.Unauthenticated("no"), Denied),
    "403 with a web page": (local("PERMISSION_DENIED", "API request failed: <html>403</html>"), Denied),
    "401 in a text only": (local("INTERNAL_ERROR", "request failed with error code 401 != 200"), Denied),
    "no login": (local("INTERNAL_ERROR", "Reading Databricks credential configuration failed"), NotLoggedIn),
    "no login of the SDK": (ValueError("default auth: cannot configure default credentials"), NotLoggedIn),
    "409": (rest("ABORTED"), Conflict),
    "409, in other words": (rest("RESOURCE_CONFLICT"), Conflict),
    "409 of the SDK": (sdk.ResourceConflict("busy"), Conflict),
    "429 after retries": (rest("REQUEST_LIMIT_EXCEEDED"), Unavailable),
    "429 in other words": (rest("RESOURCE_EXHAUSTED"), Unavailable),
    "429 until the SDK gave up": (TimeoutError("Timed out after 0:05:00"), TimedOut),
    "503": (rest("TEMPORARILY_UNAVAILABLE"), Unavailable),
    "500": (rest("INTERNAL_ERROR"), Unavailable),
    "502 with a web page": (local("INTERNAL_ERROR", "API request failed with 502: <HTML><body>Bad"), Unavailable),
    "502 of the SDK": (sdk.DatabricksError("unable to parse response. This is likely a bug"), Unavailable),
    "a workspace without Unity Catalog": (rest("METASTORE_DOES_NOT_EXIST"), Unavailable),
    "a feature that is off": (rest("FEATURE_DISABLED"), Unavailable),
    "an unsupported method": (
        local("INTERNAL_ERROR", "Method 'x' is unsupported for models in the Unity Catalog"),
        Unavailable,
    ),
    "a bad alias of the server": (rest("INVALID_PARAMETER_VALUE", "bad alias"), Unavailable),
    "a refused connection": (ConnectionRefusedError(111, "Connection refused"), Unavailable),
    "an empty error": (RuntimeError(), Unavailable),
}


@pytest.mark.parametrize(("error", "kind"), FAULTS.values(), ids=FAULTS.keys())
def test_each_answer_of_a_registry_has_one_meaning(error: Exception, kind: type[PromotionError]) -> None:
    found = translated(error, "read model m")
    assert type(found) is kind
    assert str(found).startswith("could not read model m: ")
    assert "\n" not in str(found)
    assert found.hint or kind is NotFound


def test_an_error_of_ours_stays_what_it_is() -> None:
    ours = NotFound("model m was not found")
    assert translated(ours, "read model m") is ours


def test_a_web_page_is_named_and_not_shown() -> None:
    said = str(translated(local("INTERNAL_ERROR", "failed: <html><title>Sign in</title>"), "read model m"))
    assert said == "could not read model m: a web page answered instead of a registry"


@pytest.mark.parametrize("suffix", [CONFIG, " Config: auth_type=pat, client_id=x", ". Config: profile=p, token=***"])
def test_the_configuration_that_the_sdk_appends_is_left_out(suffix: str) -> None:
    assert (
        str(translated(rest("INTERNAL_ERROR", "it broke" + suffix), "look"))
        == "could not look: INTERNAL_ERROR: it broke"
    )


def test_a_long_error_is_cut_and_a_long_story_is_its_first_line() -> None:
    said = str(translated(RuntimeError("\n\n" + "x" * 5000 + "\nTraceback"), "look"))
    assert len(said) == len("could not look: ") + LONGEST
    assert said.endswith("...")


SECRETS = {
    "a databricks token": (f"login with {TOKEN} failed", TOKEN),
    "a bearer": ("Authorization: Bearer abc.def-123", "abc.def-123"),
    "a bearer in a dictionary": ("{'Authorization': 'Bearer abcdef'}", "abcdef"),
    "a basic login": ("Authorization: Basic dXNlcjpwdw==", "dXNlcjpwdw=="),
    "a token in an address": ("https://h/x?token=s3cr3t&a=1", "s3cr3t"),
    "a token in JSON": ('{"access_token": "s3cr3t"}', "s3cr3t"),
    "a token in the environment": ("DATABRICKS_TOKEN=s3cr3t", "s3cr3t"),
    "a password": ("password: s3cr3t", "s3cr3t"),
    "a short password": ("PGPASSWORD=abc psql", "abc"),
    "a client's secret": ("client_secret=s3cr3t", "s3cr3t"),
    "a password in an address": ("postgresql://ann:s3cr3t@db:5432/mlflow", "s3cr3t"),
    "a password with an at sign": ("postgresql://ann:s3@cr3t@db/mlflow", "cr3t"),
    "a user in an address": ("https://ann@host/x", "ann@"),
    "an AWS key": (f"the key {AWS_KEY} is unknown", AWS_KEY),
    "an AWS secret": ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
    "a signature of AWS": ("https://b.s3/x?X-Amz-Signature=deadbeef", "deadbeef"),
    "a signature of Azure": ("https://b.blob/x?sv=1&sig=dead%2Fbeef", "beef"),
    "an API key": ("api-key: s3cr3t", "s3cr3t"),
    "a signed token": (f"cookie {JWT}", JWT),
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_never_gets_through(text: str, secret: str) -> None:
    assert secret not in redacted(text)
    assert "***" in redacted(text)
    assert secret not in str(translated(RuntimeError(text), "look"))


HARMLESS = [
    "log the model with signature=mlflow.models.infer_signature(inputs, outputs)",
    "the tokenizer answers 5 tokens for 5 rows",
    "set DATABRICKS_HOST and DATABRICKS_TOKEN, or name a --profile",
    "https://adb-1.azuredatabricks.net/ml/models/m",
    "sqlite:////home/ann/mlflow.db",
    "m@champion: v3 -> v7",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_text_stays_to_the_letter(text: str) -> None:
    assert redacted(text) == text


def test_in_a_document_only_texts_are_redacted() -> None:
    body = {"token": 0.93, "rows": [1, None, True, f"login with {TOKEN}"]}
    assert redacted_within(body) == {"token": 0.93, "rows": [1, None, True, "login with ***"]}


def test_a_server_too_old_for_aliases_is_told_from_one_that_is_away() -> None:
    found = translated(rest("ENDPOINT_NOT_FOUND", "no such path"), "write @champion: v1 -> v2")
    assert "does not know that call" in str(found)
    assert "--to-stage Production" in found.hint
