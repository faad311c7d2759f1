"""The registry as a principal meets it: the same acts for both API families, each behind the right it needs."""

from dataclasses import dataclass
from typing import Any

from tests.workspace import rules
from tests.workspace.access import Access, Principal
from tests.workspace.state import Model, Registry, Version, now_ms, set_tag


@dataclass
class Catalog:
    """Guarded doors to the registry. Reading needs EXECUTE, tagging APPLY TAG, aliases the owner."""

    registry: Registry
    access: Access

    def model(self, who: Principal, name: str) -> Model:
        model = self.registry.model(name)
        self.access.must(who, model, "EXECUTE")
        return model

    def version(self, who: Principal, name: str, number: int) -> Version:
        self.model(who, name)
        return self.registry.version(name, number)

    def behind(self, who: Principal, name: str, alias: str) -> Version:
        self.model(who, name)
        return self.registry.behind(name, alias)

    def models(self, who: Principal) -> list[Model]:
        """Those the principal may read, or knows of by BROWSE, by name."""
        rights = ("EXECUTE", "BROWSE")
        seen = (m for m in self.registry.models.values() if any(self.access.may(who, m, right) for right in rights))
        return sorted(seen, key=lambda model: model.name)

    def versions(self, who: Principal, name: str) -> list[Version]:
        """Newest first, as UC lists them."""
        return sorted(self.model(who, name).versions.values(), key=lambda version: -version.number)

    def create_model(self, who: Principal, name: str, facts: dict[str, Any]) -> Model:
        self.access.must_create_in(who, rules.three_levels(name).rpartition(".")[0])
        model = self.registry.add_model(Model(name, who.user_name, **facts))
        model.deployment_job_state = "CONNECTED" if model.deployment_job_id else ""
        return model

    def update_model(self, who: Principal, name: str, changes: dict[str, Any]) -> Model:
        """Comment, deployment job, new name; aliases in an update are accepted and ignored (databricks/cli#4012)."""
        model = self._owned(who, name)
        if "deployment_job_id" in changes:
            model.deployment_job_id = str(changes["deployment_job_id"])
            model.deployment_job_state = "CONNECTED" if model.deployment_job_id else "NOT_SET_UP"
        model.description = changes.get("description", model.description)
        model.updated_ms = now_ms()
        if changes.get("new_name"):
            self.registry.rename(model, changes["new_name"])
        return model

    def delete_model(self, who: Principal, name: str) -> None:
        self._owned(who, name)
        self.registry.delete_model(name, who.user_name)

    def create_version(self, who: Principal, name: str, facts: dict[str, Any]) -> Version:
        """A version that waits for its files: PENDING_REGISTRATION until it is finalized."""
        self.access.must(who, self.registry.model(name), "CREATE_MODEL_VERSION")
        return self.registry.add_version(name, status="PENDING_REGISTRATION", created_by=who.user_name, **facts)

    def finalize_version(self, who: Principal, name: str, number: int) -> Version:
        self.access.must(who, self.registry.model(name), "CREATE_MODEL_VERSION")
        version = self.registry.version(name, number)
        version.status, version.updated_ms = "READY", now_ms()
        return version

    def describe_version(self, who: Principal, name: str, number: int, text: str) -> Version:
        self._owned(who, name)
        version = self.registry.version(name, number)
        version.description, version.updated_ms = text, now_ms()
        return version

    def delete_version(self, who: Principal, name: str, number: int) -> None:
        self._owned(who, name)
        self.registry.delete_version(name, number, who.user_name)

    def set_alias(self, who: Principal, name: str, alias: str, number: int) -> None:
        self._owned(who, name)
        self.registry.set_alias(name, alias, number, who.user_name)

    def delete_alias(self, who: Principal, name: str, alias: str) -> None:
        self._owned(who, name)
        self.registry.delete_alias(name, alias, who.user_name)

    def tagged(self, who: Principal, name: str, number: int | None = None) -> Model | Version:
        """The model, or its version, whose tags the principal may change."""
        model = self.registry.model(name)
        self.access.must(who, model, "APPLY_TAG")
        return model if number is None else self.registry.version(name, number)

    def tag(self, who: Principal, thing: tuple[str, int | None], key: str, value: str) -> None:
        set_tag(self.tagged(who, *thing), key, value)

    def untag(self, who: Principal, thing: tuple[str, int | None], key: str) -> None:
        """Taking off a tag that is not there is no error."""
        self.tagged(who, *thing).tags.pop(key, None)

    def _owned(self, who: Principal, name: str) -> Model:
        model = self.registry.model(name)
        self.access.must_own(who, model)
        return model
