"""A program of its own: runs statements on a local Spark session. Its Java is not the one of anybody's other test.

Asked on stdin as JSON: `table`, the Parquet file that stands for the one `name`, and `statements`: text and parameters.
"""

import json
import sys


def main() -> None:
    """The rows of each statement, as texts, on stdout."""
    from pyspark.sql import SparkSession

    asked = json.load(sys.stdin)
    quiet = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.host": "127.0.0.1"}
    builder = SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "America/New_York")
    for name, value in quiet.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    session.read.parquet(asked["table"]).createOrReplaceTempView("given")
    said = []
    for one in asked["statements"]:
        frame = session.sql(one["text"].replace(asked["name"], "`given`"), args=one["given"] or None)
        texts = frame.selectExpr(*(f"CAST(`{name.replace('`', '``')}` AS STRING)" for name in frame.columns))
        said.append([list(row) for row in texts.collect()])
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
