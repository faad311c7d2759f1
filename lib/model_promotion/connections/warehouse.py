"""SQL statements on a Databricks SQL warehouse: sent, waited for, read to the last chunk, cancelled when time is up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from model_promotion.connections.databricks import DatabricksConnection
from model_promotion.connections.deadline import Deadline
from model_promotion.connections.faults import shortened
from model_promotion.core.errors import BadCall, Denied, NotFound, NotLoggedIn, PromotionError, TimedOut, Unavailable
from model_promotion.core.sql import Answer, Statement
from model_promotion.ports import Clock

FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 5.0
CANCEL_WITHIN_S = 10.0
UNDER_WAY = frozenset({"PENDING", "RUNNING"})
NAME_IT = "set DATABRICKS_WAREHOUSE_ID, or warehouse under [evidence] in promotion.toml"
# What stands in brackets before, or as SQLSTATE behind, the sentence of a statement that failed.
ABSENT = ("_NOT_FOUND]", "[NO_SUCH_", "42P01", "42704")
FORBIDDEN = ("[INSUFFICIENT_PERMISSIONS]", "PERMISSION_DENIED", "42501")


@dataclass(frozen=True)
class Warehouse:
    """A warehouse: that of the environment or the profile, else the one that is `named`.

    `timeout_s` is for each statement, with the time that the warehouse takes to start; `call_s` for each request.
    """

    connection: DatabricksConnection
    clock: Clock
    timeout_s: float
    named: str = ""
    call_s: float = 60.0

    def answer(self, statement: Statement) -> Answer:
        """What the statement answers.

        Raises:
            NotFound: when a table is not there.
            Denied: when the caller may not look at it, or not use the warehouse.
            TimedOut: when there was no answer in time; the statement is cancelled.
            Unavailable: when it failed.
            BadCall: when no warehouse is named, or one that is not there.
            NotLoggedIn: when there is no login, or it does not hold any more.
        """
        began = self.clock.monotonic()
        try:
            said = self._call("run SQL on the warehouse", lambda client: _sent(client, statement, self.named))
        except NotFound as error:
            raise BadCall(str(error), hint=NAME_IT) from error
        said = self._ended(said, began)
        if _state(said) != "SUCCEEDED":
            raise _failure(said)
        schema = said.manifest.schema if said.manifest else None
        if said.manifest and said.manifest.truncated:
            raise Unavailable("the warehouse cut its answer off", hint="name a table with fewer columns")
        columns = {str(one.name): str(one.type_text) for one in (schema.columns if schema else None) or ()}
        return Answer(columns, [row for chunk in self._chunks(said) for row in chunk.data_array or ()])

    def _ended(self, said: Any, began: float) -> Any:  # noqa: ANN401 - the SDK's answer
        """The same statement when it is no longer under way."""
        wait_s, named = FIRST_WAIT_S, str(said.statement_id)
        try:
            while _state(said) in UNDER_WAY:
                self.clock.sleep(min(wait_s, self._left_s(began)))
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                said = self._call("ask the warehouse", lambda client: client.statement_execution.get_statement(named))
        except BaseException:
            self._cancel(named)
            raise
        return said

    def _left_s(self, began: float) -> float:
        left_s = self.timeout_s - (self.clock.monotonic() - began)
        if left_s <= 0:
            patience = "timeout_s under [evidence] in promotion.toml allows more"
            raise TimedOut(f"the warehouse did not answer within {self.timeout_s:g} s", hint=patience)
        return left_s

    def _cancel(self, named: str) -> None:
        """Nobody waits for it any more, and it costs money."""
        with contextlib.suppress(PromotionError):
            self._call("cancel", lambda client: client.statement_execution.cancel_execution(named), CANCEL_WITHIN_S)

    def _chunks(self, said: Any) -> Iterator[Any]:  # noqa: ANN401 - as above
        chunk = said.result
        while chunk is not None:
            yield chunk
            place = chunk.next_chunk_index
            chunk = None if place is None else self._chunk(said.statement_id, place)

    def _chunk(self, named: str, place: int) -> Any:  # noqa: ANN401 - as above
        return self._call(
            "read what the warehouse answered",
            lambda client: client.statement_execution.get_statement_result_chunk_n(named, place),
        )

    def _call(self, doing: str, ask: Callable[[Any], Any], within_s: float = 0) -> Any:  # noqa: ANN401 - as above
        # A deadline for each request, as their time together is not the registry's.
        try:
            return self.connection.under(Deadline(within_s or self.call_s, self.clock)).call(doing, ask)
        except Denied as error:
            if type(error.__cause__).__name__ == "Unauthenticated":  # the SDK's word for 401
                raise NotLoggedIn(str(error), hint=error.hint) from error
            raise


def _sent(client: Any, statement: Statement, named: str) -> Any:  # noqa: ANN401 - as above
    from databricks.sdk.service.sql import StatementParameterListItem

    warehouse = getattr(client.config, "warehouse_id", None) or named
    if not warehouse:
        raise BadCall("--engine warehouse needs a SQL warehouse, and none is named", hint=NAME_IT)
    given = [StatementParameterListItem(name=name, value=value) for name, value in statement.parameters.items()]
    return client.statement_execution.execute_statement(
        statement.text, warehouse, parameters=given or None, wait_timeout="0s"
    )


def _state(said: Any) -> str:  # noqa: ANN401 - as above
    """PENDING, RUNNING, SUCCEEDED, FAILED, CANCELED or CLOSED; None where the SDK does not know it."""
    state = said.status.state if said.status else None
    return str(getattr(state, "value", state))


def _failure(said: Any) -> PromotionError:  # noqa: ANN401 - as above
    error = said.status.error if said.status else None
    if _state(said) != "FAILED" or error is None:
        return Unavailable(f"the warehouse did not finish: {_state(said)}", hint="try again")
    words = str(error.message or "no message")
    if any(mark in words for mark in FORBIDDEN):
        return Denied(f"the warehouse may not look: {shortened(words)}", hint="ask for SELECT on the table")
    if any(mark in words for mark in ABSENT):
        instead = "name another, or ask for SELECT on it"
        return NotFound(f"the warehouse does not find it: {shortened(words)}", hint=instead)
    return Unavailable(f"the warehouse failed: {shortened(words)}")
