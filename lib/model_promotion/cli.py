"""argv -> Request -> job -> printed report -> exit code; nothing else."""

import contextlib
import json
import os
import shlex
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from model_promotion.asked import Asked, asked
from model_promotion.connections.faults import redacted
from model_promotion.console import Console, style_for
from model_promotion.core.errors import PromotionError
from model_promotion.core.event import Event, Kind
from model_promotion.core.exits import ExitCode
from model_promotion.core.outcome import Outcome
from model_promotion.core.request import Mode, Request
from model_promotion.options import parser

STDIN = "--args-stdin"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one call and answer its exit code; everything a person should read has been printed."""
    words = list(sys.argv[1:] if argv is None else argv)
    if STDIN not in words:
        return _guarded(words, _program())
    # Claude Code hands over the typed text unparsed, merges the streams, and aborts on any exit code but 0.
    with contextlib.redirect_stderr(sys.stdout):
        code = _from_stdin([word for word in words if word != STDIN])
        print(f"exit code: {code}", flush=True)  # noqa: T201 - the line that the slash command's reader looks for
    return 0


def door() -> NoReturn:
    """Run, and leave at once: taking mlflow apart again costs 0.7 s, and nothing of ours is left to be closed."""
    signal.signal(signal.SIGTERM, _interrupt)
    code = main()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _program() -> str:
    called = Path(sys.argv[0]).name
    if called == "__main__.py":
        return "python -m model_promotion"
    return f"python {called}" if called.endswith(".py") else called


def _from_stdin(words: list[str]) -> int:
    try:
        words += shlex.split(sys.stdin.read())
    except ValueError as error:
        _console(words).fail(f"cannot read the arguments: {error}", "close the quotation, or leave the quote out")
        return ExitCode.USAGE
    return _guarded(words, "/promote-model")


def _guarded(words: list[str], program: str) -> int:
    """Every way a call can end, as a code."""
    console = _console(words)
    try:
        return _run(words, program, console)
    except PromotionError as error:
        console.fail(str(error), error.hint)
        return error.code
    except KeyboardInterrupt:
        console.fail("interrupted", "nothing is left half done; --history shows what stands")
        return ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001 - the last guard: a defect of ours is named, never shown as a traceback
        return _defect(console, verbose="--verbose" in words)


def _run(words: list[str], program: str, console: Console) -> int:
    made = parser(program)
    if "-h" in words or "--help" in words:
        console.say(made.format_help())
        return ExitCode.DONE
    call = asked(made.parse_intermixed_args(words), program)
    console.tell(Event(Kind.WORKING, call.request.mode.value, _first_line(call.request)))
    if call.request.mode is Mode.DEMO:
        from model_promotion.demo import show

        return show(Path(made.parse_intermixed_args(words).demo), console)
    outcome = _carried_through(call, console)
    _report(outcome, words, console)
    return outcome.code


def _carried_through(call: Asked, console: Console) -> Outcome:
    # Imported after the first line is out, so that it appears in 150 ms.
    from model_promotion.job import carry_through
    from model_promotion.settings import settle

    settings = settle(call.flags, call.request.model)
    where = f"{settings.address}; policy: {settings.policy_source}"
    console.tell(Event(Kind.WORKING, "Registry", where))
    return carry_through(call.request, settings, console)


def _report(outcome: Outcome, words: list[str], console: Console) -> None:
    from model_promotion.reports import step_summary

    console.close(outcome)
    if "--json" in words:
        print(redacted(json.dumps(outcome.document, indent=2, allow_nan=False)), flush=True)  # noqa: T201 - the document
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            step_summary.append(outcome, Path(path))
        except OSError as error:
            console.fail(f"the job summary could not be written: {error.strerror}", "check GITHUB_STEP_SUMMARY")


def _first_line(request: Request) -> str:
    if not request.model:
        return "the local demo" if request.mode is Mode.DEMO else "every model that has records"
    if request.mode in (Mode.PROMOTE, Mode.DRY_RUN, Mode.CHECK):
        return f"{request.model}: {request.candidate} -> @{request.target_alias}"
    return f"{request.model}: @{request.target_alias}"


def _console(words: list[str]) -> Console:
    stream = sys.stderr if "--json" in words else sys.stdout
    return Console(stream, style_for(stream, os.environ, plain="--plain" in words))


def _defect(console: Console, *, verbose: bool) -> int:
    details = redacted(traceback.format_exc())
    with tempfile.NamedTemporaryFile("w", prefix="promote-model-", suffix=".txt", delete=False) as file:
        file.write(details)
    if verbose:
        console.say(details)
    last = details.strip().splitlines()[-1]
    console.fail(f"a defect of this program: {last}", f"the details are in {file.name}; --history shows what stands")
    return ExitCode.DEFECT
