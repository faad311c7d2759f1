"""Names into versions: what stands where right now."""

from functools import partial

from model_promotion.core import say
from model_promotion.core.entities import RegisteredModel, Version
from model_promotion.core.errors import NoRegistry, NotFound, PromotionError
from model_promotion.core.near import meant
from model_promotion.core.plan import Plan
from model_promotion.core.request import Request
from model_promotion.core.selector import ByAlias, ByNumber, BySemver, Latest, Selector
from model_promotion.core.stages import as_target, stage_of
from model_promotion.ports import RegistryReader
from model_promotion.together import together

SEMVER_TAG = "semver"
NAMED = 8


def find_model(request: Request, registry: RegistryReader) -> RegisteredModel:
    """The registered model.

    Raises:
        NotFound: with the addresses that were looked in, and the nearest names there.
    """
    try:
        return registry.model(request.model)
    except NoRegistry:
        raise
    except NotFound as error:
        like = _like(request.model, registry)
        raise NotFound(
            f"model {request.model} was not found in {registry.address}{f'; {like}' if like else ''}",
            hint="another registry? --registry-uri URI (or MLFLOW_REGISTRY_URI, MLFLOW_TRACKING_URI, --profile)",
        ) from error


def make_plan(request: Request, registry: RegistryReader) -> Plan:
    """The versions that the request names, and the moves that follow.

    Raises:
        NotFound: when the model, the candidate or the version behind the target alias is not there.
    """
    seen = find_model(request, registry)
    number = find_number(request, seen, registry)
    held = seen.at(request.target_alias)
    numbers = [number, *([held] if held is not None else [])]
    versions = together([partial(find_version, seen.name, wanted, registry) for wanted in numbers])
    champion = versions[1] if held is not None else None
    return _plan(request, seen, (versions[0], champion), registry)


def instead(plan: Plan, request: Request, registry: RegistryReader) -> Plan:
    """The same candidate on its way to the else-alias, in the registry as it was seen when that was decided."""
    elsewhere, seen = request.toward(request.else_alias), plan.seen
    held = seen.at(elsewhere.target_alias)
    there = find_version(seen.name, held, registry) if held is not None else None
    return _plan(elsewhere, seen, (plan.candidate, there), registry)


def _plan(
    request: Request, seen: RegisteredModel, ends: tuple[Version, Version | None], registry: RegistryReader
) -> Plan:
    twin = request.twin(seen, registry.features)
    return Plan(seen, *ends, request.target_alias, request.backup_alias, twin)


def find_number(request: Request, seen: RegisteredModel, registry: RegistryReader) -> str:
    """The number of the version that the request's selector names.

    Raises:
        NotFound: with what does exist.
    """
    match selector_for(request, seen):
        case ByNumber(number):
            return number
        case ByAlias(alias):
            if (held := seen.at(alias)) is not None:
                return held
            raise _no_alias(request, alias, seen)
        case Latest():
            versions = registry.versions(seen.name)
            if versions:
                return versions[0].number
            raise NotFound(f"{seen.name} has no version at all", hint="train and register a model first")
        case BySemver(semver):
            return _tagged(seen.name, semver, registry)


def selector_for(request: Request, seen: RegisteredModel) -> Selector:
    """The candidate as it was named; the latest when none was named and the usual alias is not there."""
    usual = request.candidate
    missing = isinstance(usual, ByAlias) and not request.candidate_named and seen.at(usual.alias) is None
    return Latest() if missing else usual


def find_version(name: str, number: str, registry: RegistryReader) -> Version:
    """One version.

    Raises:
        NotFound: with the numbers that exist.
    """
    try:
        return registry.version(name, number)
    except NotFound as error:
        known = [version.number for version in registry.versions(name)][:NAMED]
        raise NotFound(
            f"version {number} of {name} was not found in {registry.address}; there is {', '.join(known) or 'none'}",
            hint="name one of them",
        ) from error


def _tagged(name: str, semver: str, registry: RegistryReader) -> str:
    """The version whose semver tag says so; Unity Catalog's search leaves tags out, so each is read."""
    listed = registry.versions(name)
    read = together([partial(registry.version, name, version.number) for version in listed])
    tags = {version.number: version.tags.get(SEMVER_TAG, "").removeprefix("v") for version in read}
    found = [number for number, tag in tags.items() if tag == semver]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(
            f"versions {', '.join(found)} of {name} all have the tag {SEMVER_TAG}={semver}",
            hint="name the version by its number: --version N",
        )
    known = ", ".join(f"{tag} (v{number})" for number, tag in tags.items() if tag)
    raise NotFound(
        f"no version of {name} has the tag {SEMVER_TAG}={semver}; there is {known or 'none with such a tag'}",
        hint="name the version by its number: --version N",
    )


def _no_alias(request: Request, alias: str, seen: RegisteredModel) -> NotFound:
    stood = [*seen.aliases.items(), *((as_target(stage), number) for stage, number in seen.stages.items())]
    known = ", ".join(f"{say.target(name)} (v{number})" for name, number in sorted(stood))
    lacking = f"nothing in {say.target(alias)}" if stage_of(alias) else f"no alias {say.target(alias)}"
    return NotFound(
        f"{seen.name} has {lacking}; it has {known or 'no alias at all'}",
        hint=f"name the candidate: {request.again('--version', 'latest')} (or --version N, --from ALIAS)",
    )


def _like(name: str, registry: RegistryReader) -> str:
    try:
        return meant(name, registry.names(), likeness=0.5)
    except PromotionError:
        return ""  # The search is a courtesy; that the model is missing is already known.
