"""Defaults < policy file < environment < flags; each value remembers where it came from."""

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from model_promotion import catalog
from model_promotion.connections.address import Address, resolve
from model_promotion.core.alert_policy import AlertPolicy, Route, routes_of
from model_promotion.core.errors import BadCall
from model_promotion.core.gates import NAME as GATE_NAME
from model_promotion.core.listing import is_pattern
from model_promotion.core.near import meant
from model_promotion.core.policy import Policy

POLICY_FILE = "promotion.toml"
RECORDS_FILE = "promotion-records.jsonl"
DEFAULT_TIMEOUT_S = 60.0
LEVELS_IN_UNITY_CATALOG = 3
UNKNOWN_KEY = "unexpected_keyword_argument"


@dataclass(frozen=True)
class Settings:
    """What the adapters need to know; `policy_source` says where the policy came from."""

    address: Address
    timeout_s: float = DEFAULT_TIMEOUT_S
    policy: Policy = Policy()
    policy_source: str = "defaults"
    spare_records: Path = Path(RECORDS_FILE)
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class Flags:
    """What the command line, or a PromotionJob, said about where things are."""

    registry_uri: str | None = None
    tracking_uri: str | None = None
    profile: str | None = None
    policy: Path | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S
    alerts: tuple[str, ...] = field(default=(), repr=False)


def settle(flags: Flags, model: str, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings for one call.

    Raises:
        BadCall: when the policy file cannot be read, with file, line and key.
    """
    address = address_for(flags, model, environ)
    if address.registry_uri.endswith(".db") and "://" not in address.registry_uri:
        raise BadCall(f"{address.registry_uri} is no address", hint=f"for example sqlite:///{address.registry_uri}")
    levels = model.split(".")
    whole = len(levels) == LEVELS_IN_UNITY_CATALOG and all(levels)
    if address.is_unity_catalog and model and not (whole or is_pattern(model)):
        raise BadCall(
            f"{model} does not have the three levels of Unity Catalog", hint="for example catalog.schema.model"
        )
    path = flags.policy or (Path(POLICY_FILE) if Path(POLICY_FILE).is_file() else None)
    policy = read_policy(path) if path else Policy()
    return Settings(
        address=address,
        timeout_s=flags.timeout_s,
        policy=policy,
        policy_source=str(path) if path else "defaults",
        routes=routes_of(policy.alerts, flags.alerts, os.environ if environ is None else environ),
    )


def typed_routes(addresses: tuple[str, ...]) -> tuple[Route, ...]:
    """The ways out that a call names, which all alerts go."""
    return routes_of(AlertPolicy(), addresses, os.environ)


def address_for(flags: Flags, model: str, environ: Mapping[str, str] | None = None) -> Address:
    """Which registry: the flags, else the environment, else a Databricks login for a three-level name, else sqlite."""
    environ = os.environ if environ is None else environ
    if flags.profile:
        return _with_profile(flags, flags.profile)
    environ_registry, environ_tracking = environ.get("MLFLOW_REGISTRY_URI"), environ.get("MLFLOW_TRACKING_URI")
    if flags.registry_uri:
        # A workspace named by a flag is not mixed with the one that the environment names.
        mixed = flags.registry_uri.startswith("databricks") and (environ_tracking or "").startswith("databricks")
        tracking = flags.tracking_uri or (None if mixed else environ_tracking)
        return resolve(flags.registry_uri, tracking, "--registry-uri")
    if flags.tracking_uri:
        return resolve(environ_registry, flags.tracking_uri, "--tracking-uri")
    if environ_registry or environ_tracking:
        name = "MLFLOW_REGISTRY_URI" if environ_registry else "MLFLOW_TRACKING_URI"
        return resolve(environ_registry, environ_tracking, name)
    # A notebook or job on Databricks has the last one only.
    for name in ("DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE", "DATABRICKS_RUNTIME_VERSION"):
        if environ.get(name) and model.count(".") == LEVELS_IN_UNITY_CATALOG - 1:
            return resolve("databricks-uc", None, name)
    return resolve(None, None, "default: no registry is configured")


def _with_profile(flags: Flags, profile: str) -> Address:
    """The profile's own workspace, whatever the environment names.

    Raises:
        BadCall: when another flag names a registry that knows no profiles, or another profile.
    """
    registry, tracking = (uri and _at_profile(uri, profile) for uri in (flags.registry_uri, flags.tracking_uri))
    return resolve(registry or f"databricks-uc://{profile}", tracking, "--profile")


def _at_profile(uri: str, profile: str) -> str:
    scheme, _, named = uri.partition("://")
    if scheme not in ("databricks", "databricks-uc") or named not in ("", profile):
        raise BadCall(f"--profile {profile} does not go with {uri}", hint="leave one of them out")
    return f"{scheme}://{profile}"


def read_policy(path: Path) -> Policy:
    """A policy file, checked key by key.

    Raises:
        BadCall: with file, line and key of what is wrong.
    """
    try:
        raw = path.read_bytes()
        values = tomllib.loads(raw.decode())
    except OSError as error:
        raise BadCall(f"policy {path} cannot be read: {error.strerror}", hint="check --policy FILE") from error
    except (ValueError, RecursionError) as error:
        raise BadCall(f"policy {path}: {error}", hint="it must be TOML: https://toml.io") from error
    policy = _validated(path, raw.decode(), values)
    for name in policy.checks:
        if name not in catalog.names("checks") and "." not in name:
            line, wrong = line_of(raw.decode(), ("checks", name)), catalog.unknown("checks", name)
            raise BadCall(f"policy {path}, line {line}, checks.{name}: {wrong}", hint=wrong.hint)
    for name in policy.gates:
        if not GATE_NAME.fullmatch(name):
            where = f"policy {path}, line {line_of(raw.decode(), ('gates', name))}, gates.{name}"
            raise BadCall(f"{where}: not lower-case letters, digits and _, at most 40", hint="rename that gate")
    return replace(policy, digest=hashlib.sha256(raw).hexdigest())


def _validated(path: Path, text: str, values: dict[str, Any]) -> Policy:
    # Only a call with a policy file pays for this import.
    from pydantic import TypeAdapter, ValidationError

    if "digest" in values:
        raise BadCall(f"policy {path}, line {line_of(text, ('digest',))}: digest is not a key of it", hint="remove it")
    try:
        return TypeAdapter(Policy).validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        # A key that is unknown comes first: what else is said of its table may follow from it.
        first = min(error.errors(), key=lambda one: one["type"] != UNKNOWN_KEY)
        keys = tuple(str(key) for key in first["loc"])
        unknown = first["type"] == UNKNOWN_KEY
        wrong = "there is no such key" if unknown else first["msg"].removeprefix("Value error, ")
        like = meant(keys[-1], _keys_of(keys[:-1])) if unknown else ""
        raise BadCall(
            f"policy {path}, line {line_of(text, keys)}, {'.'.join(keys)}: {wrong}",
            hint=like or "correct that line; the keys are in the README under Policy",
        ) from error


def _keys_of(table: tuple[str, ...]) -> list[str]:
    """The keys that a table of the policy can have."""
    kind: Any = Policy
    for key in table:
        args = get_args(kind)
        # A table of tables, a list of tables, or a table.
        kind = args[get_origin(kind) is not tuple] if args else get_type_hints(kind)[key]
    return [field.name for field in fields(kind) if field.name != "digest"]


def line_of(text: str, keys: tuple[str, ...]) -> int:
    """The line (from 1) on which the last of these nested TOML keys is most likely set."""
    lines = text.splitlines()
    start = 0
    for depth in range(len(keys)):
        table = ".".join(keys[: depth + 1])
        for number, line in enumerate(lines[start:], start=start):
            bare = line.strip().replace('"', "").replace("'", "")
            starts = (
                f"[{table}]",
                f"[[{table}]]",
                f"[{table}.",
                *(f"{key}{end}" for key in (keys[depth], table) for end in " =."),
            )
            if bare.startswith(starts):
                start = number
                break
    return start + 1
