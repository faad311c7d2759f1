"""Answers as one model, again and again: `python -I aside_child.py FOLDER READ_FD WRITE_FD`, from `suite_plugin.py`."""

from __future__ import annotations

import os
import pickle
import sys
import warnings


def main() -> None:
    """One pickled question in, one pickled answer out, until nobody asks any more."""
    sys.dont_write_bytecode = True
    warnings.showwarning = lambda *_, **__: None
    import mlflow.pyfunc

    _, folder, asked, answered = sys.argv
    model = None
    with os.fdopen(int(asked), "rb") as questions, os.fdopen(int(answered), "wb") as answers:
        while True:
            try:
                data, params = pickle.load(questions)  # noqa: S301 - from the process that started this one
            except EOFError:
                os._exit(0)
            try:
                model = model or mlflow.pyfunc.load_model(folder)
                said = pickle.dumps((True, model.predict(data, params=params)))
            except BaseException as error:  # noqa: BLE001 - a model may raise SystemExit or KeyboardInterrupt as well
                said = pickle.dumps((False, f"{type(error).__name__}: {error}"))
            answers.write(said)
            answers.flush()


if __name__ == "__main__":
    main()
