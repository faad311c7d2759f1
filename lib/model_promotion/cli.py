"""argv -> Request -> job -> printed report -> exit code; nothing else."""

import contextlib
import os
import shlex
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import NoReturn

from model_promotion.asked import Asked, asked
from model_promotion.console import Console, printable, style_for
from model_promotion.core.better import named
from model_promotion.core.errors import BadCall, Interrupted, PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.heeded import spare
from model_promotion.core.outcome import SCHEMA_VERSION, Outcome
from model_promotion.core.redaction import redacted
from model_promotion.core.request import Mode, Request
from model_promotion.core.say import count
from model_promotion.options import Parser, parser
from model_promotion.reports import plan_file, step_summary

STDIN, JSON = "--args-stdin", "--json"
EVERYTHING = {Mode.DEMO: "the local demo", Mode.VERIFY_AUDIT: "every model that has records"}


def main(argv: Sequence[str] | None = None, program: str | None = None) -> int:
    """Run one call and answer its exit code; everything a person should read has been printed.

    `program` is how the commands that are printed begin; by default as this one was typed.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if STDIN not in words:
        return _guarded(words, program or _program())
    # Claude Code hands over the typed text unparsed, merges the streams, and aborts on any exit code but 0.
    with contextlib.redirect_stderr(sys.stdout):
        code = _from_stdin([word for word in words if word != STDIN])
        _console([]).say(f"exit code: {code}")
    return 0


def door() -> NoReturn:
    """Run, and leave at once: taking mlflow apart again costs 0.7 s, and nothing of ours is left to be closed."""
    _fill_in_streams()
    signal.signal(signal.SIGTERM, _interrupt)
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _fill_in_streams() -> None:
    """Put nothing where a stream was closed before we started: the next file to be opened would take its place."""
    for name, how in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(how, encoding="utf-8"))  # noqa: SIM115 - open until the end


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _program() -> str:
    """How this was called, so that the commands that are printed can be typed as they stand."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m model_promotion"
    if called.suffix != ".py":
        return called.name
    # uv names itself in the environment of what it runs; its Python lies deep in a cache.
    before = sys.orig_argv[: sys.orig_argv.index(sys.argv[0])] if sys.argv[0] in sys.orig_argv else ["python"]
    return shlex.join([*(["uv", "run", "--script"] if "UV" in os.environ else before), sys.argv[0]])


def _from_stdin(words: list[str]) -> int:
    try:
        words += shlex.split(sys.stdin.read())
    except ValueError as error:
        wrong = BadCall(f"cannot read the arguments: {error}", "close the quotation, or leave the quote out")
        return _failed(words, _console(words), wrong)
    return _guarded(words, "/promote-model")


def _guarded(words: list[str], program: str) -> int:
    """Every way a call can end, as a code."""
    console = _console(words)
    try:
        return _run(words, program, console)
    except PromotionError as error:
        if "--verbose" in words:
            console.say(_details())
        return _failed(words, console, error)
    except KeyboardInterrupt:
        return _failed(
            words,
            console,
            Interrupted("interrupted", "--history shows what stands; --recover mends what was cut off"),
        )
    except Exception:  # noqa: BLE001 - the last guard: a defect of ours is named, never shown as a traceback
        return _failed(words, console, _defect(console, verbose="--verbose" in words))


def _failed(words: list[str], console: Console, error: PromotionError) -> int:
    """The error as its lines, with --json as a document too."""
    console.fail(str(error), error.hint)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with contextlib.suppress(OSError):  # The failure itself is what counts, and is told already.
            step_summary.append(step_summary.render_failure(error.code, str(error), error.hint), Path(path))
    if JSON in words:
        failure = {"exit_code": int(error.code), "error": str(error), "hint": error.hint}
        _console([]).document({"schema_version": SCHEMA_VERSION, **failure})
    return error.code


def _run(words: list[str], program: str, console: Console) -> int:
    made = parser(program)
    if "-h" in words or "--help" in words:
        console.say(made.format_help())
        return ExitCode.DONE
    call = _asked(made, words, program)
    console.tell(Event(Kind.WORKING, call.request.mode.value, _first_line(call.request)))
    if passed_over := spare(call.request):
        told = f"needs no evidence, so it does not look at {', '.join(passed_over)}"
        console.tell(Event(Kind.WARNED, call.request.mode.value, told))
    if call.request.mode is Mode.DEMO:
        from model_promotion.demo.show import show

        return show(Path(made.parse_intermixed_args(words).demo), console)
    return _reported(_carried_through(call, console), call.request, words, console).code


def _asked(made: Parser, words: list[str], program: str) -> Asked:
    try:
        return asked(made.parse_intermixed_args(words), program)
    except BadCall as error:
        raise BadCall(str(error), hint="; ".join(filter(None, (error.hint, made.format_usage().strip())))) from error


def _carried_through(call: Asked, console: Console) -> Outcome:
    # Imported after the first line is out, so that it appears in 150 ms.
    from model_promotion.job import carry_through
    from model_promotion.settings import settle

    if call.request.plan_out and call.request.plan_out.exists():
        stays = f"{call.request.plan_out} is there already, and stays as it is unless a new plan is made"
        console.tell(Event(Kind.WORKING, "Plan", stays))
    settings = settle(call.flags, call.request.a_model)
    where = f"{settings.address}; policy: {settings.policy_source}"
    console.tell(Event(Kind.WORKING, "Registry", where))
    return carry_through(call.request, settings, console)


def _reported(outcome: Outcome, request: Request, words: list[str], console: Console) -> Outcome:
    """The outcome everywhere it is read; a report that could not be written never passes in silence."""
    if outcome.reviewed and request.plan_out:
        plan_file.write(outcome.reviewed, request.plan_out)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            step_summary.append(step_summary.render(outcome), Path(path))
        except OSError as error:
            warning = f"the job summary {path} (GITHUB_STEP_SUMMARY) could not be written: {error.strerror}"
            code = outcome.code or ExitCode.WARNED
            outcome = replace(outcome, code=code, warnings=(*outcome.warnings, warning))
    console.close(replace(outcome, listing=()) if JSON in words else outcome)
    if JSON in words:
        _console([]).document(outcome.document)
    return outcome


def _first_line(request: Request) -> str:
    if request.fleet:
        return f"{count(len(request.fleet.members), 'model')}, {request.fleet.file}"
    if request.reviewed:
        return f"the plan of {request.reviewed.made_by}"
    if request.best:
        return f"the best version of {request.model or 'every model'} -> {request.where}"
    if not request.model or request.mode is Mode.LIST:
        return request.model or EVERYTHING.get(request.mode, "every registered model")
    if request.mode.promotes or request.gate:
        provided = f", if it is better by {named(request.if_better)}" if request.if_better else ""
        at = f", at the gate {request.gate}" if request.gate else ""
        return f"{request.model}: {request.candidate} -> {request.where}{provided}{at}"
    return f"{request.model}: {request.where}"


def _console(words: list[str]) -> Console:
    stream = sys.stderr if JSON in words else sys.stdout
    return Console(stream, style_for(stream, os.environ, plain="--plain" in words))


def _details() -> str:
    """The traceback; what strangers wrote may be in it, so nothing in it draws over lines of ours."""
    return "\n".join(map(printable, redacted(traceback.format_exc()).split("\n")))


def _defect(console: Console, *, verbose: bool) -> PromotionError:
    """The error that names the file with the details; they are printed when it cannot be written."""
    details = _details()
    where = "they are above"
    with contextlib.suppress(OSError):
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="backslashreplace", prefix="promote-model-", suffix=".txt", delete=False
        ) as file:
            file.write(details)
        where = f"they are in {file.name}"
    if verbose or where == "they are above":
        console.say(details)
    last = details.strip().splitlines()[-1]
    # PromotionError itself has the code of a defect.
    return PromotionError(f"a defect of this program: {last}", f"the details: {where}; --history shows what stands")
