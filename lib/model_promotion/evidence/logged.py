"""Are the rows at hand those that a run logged? As far as MLflow recorded what tells them from others."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_promotion.core.errors import Conflict

if TYPE_CHECKING:
    import pandas as pd

    from model_promotion.core.run_inputs import LoggedInput
    from model_promotion.ports import Data

HEAD_ROWS = 10_000


def as_logged(logged: LoggedInput, data: Data, folder: Path) -> dict[str, Any]:
    """What the run said of its data, and whether the digest was found again: None says that it was not compared.

    Another digest alone shows no other rows: it depends on the index and the types of the frame that was logged.

    Raises:
        Conflict: when the run logged another number of rows.
    """
    if logged.rows not in (None, data.rows):
        said = f"the run logged {logged.label} with {logged.rows:,} rows, and {logged.uri} holds {data.rows:,} now"
        raise Conflict(said, hint="name the data: --eval-data PATH")
    facts = {"name": logged.name, "context": logged.context, "digest": logged.digest, "source": logged.source_type}
    return {**facts, "digest_found_again": _again(logged, data, folder)}


def _again(logged: LoggedInput, data: Data, folder: Path) -> bool | None:
    if logged.is_table or not logged.rows:
        return None
    import pandas as pd

    head = folder / "logged.parquet"
    data.write_head(HEAD_ROWS, head)
    try:
        return pandas_digest(pd.read_parquet(head), data.rows) == logged.digest or None
    except (TypeError, ValueError):
        return None


def pandas_digest(head: pd.DataFrame, rows: int) -> str:
    """What `mlflow.data.from_pandas` calls the digest of a frame with these first rows (mlflow 3.17)."""
    import pandas as pd

    texts = head.columns[head.map(lambda value: type(value) is str).all(axis=0)]
    known = head[texts.union(head.select_dtypes(include=["number"]).columns)]
    md5 = hashlib.md5(usedforsecurity=False)
    md5.update(pd.util.hash_pandas_object(known).to_numpy().tobytes())
    md5.update(rows.to_bytes(8, "little"))
    for name in head.columns:
        md5.update(str(name).encode())
    return md5.hexdigest()[:8]
