"""Runs the lines that `restlua show --sql` prints, as they are printed, and
compares the columns and rows that DuckDB, Spark, polars and pandas get by them
with the dataset's state.json.

Usage: restlua show --sql DATASET | printed.py DATASET
Exit code 1: a line fails, is missing, or gets something else.
"""

import glob
import json
import os
import sys

READERS = ("duckdb", "spark", "polars", "pandas")


def duckdb_line(line):
    import duckdb

    result = duckdb.connect().sql(line.removesuffix(";"))
    return result.columns, len(result.fetchall())


def spark_line(line):
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    frame = eval(line, {"spark": build.config("spark.log.level", "OFF").getOrCreate()})
    return frame.columns, len(frame.collect())


def polars_line(line):
    import polars

    frame = eval(line, {"pl": polars, "glob": glob.glob})
    return frame.columns, len(frame)


def pandas_line(line):
    import pandas

    frame = eval(line, {"pd": pandas, "glob": glob.glob})
    return list(frame.columns), len(frame)


RUN = dict(zip(READERS, (duckdb_line, spark_line, polars_line, pandas_line)))


def printed(text):
    """The printed lines: table -> reader -> line."""
    tables = {}
    for line in text.splitlines():
        if line.startswith(" "):
            reader, code = line.split(maxsplit=1)
            tables[name][reader] = code
        else:
            name = line
            tables[name] = {}
    return tables


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(os.path.join(sys.argv[1], "state.json"), encoding="utf-8") as f:
        state = {n: t for n, t in json.load(f)["tables"].items() if not n.startswith("_rl_")}
    tables = printed(sys.stdin.read())
    wrong = [] if sorted(tables) == sorted(state) else [f"printed are {sorted(tables)}, the dataset has {sorted(state)}"]
    for name, lines in tables.items():
        if tuple(lines) != READERS:
            wrong.append(f"{name}: lines for {list(lines)}, want {list(READERS)}")
        want = [c["name"] for c in state[name]["columns"] if c["type"] != "none"], state[name]["rows"]
        for reader, line in lines.items():
            try:
                got = RUN[reader](line)
                if state[name].get("mixed"):  # older files lack columns
                    got, want = (sorted(got[0]), got[1]), (sorted(want[0]), want[1])
                verdict = "same" if got == want else "WRONG"
                if got != want:
                    wrong.append(f"{line}: {got}, want {want}")
            except ImportError:
                verdict = "-"
            except Exception as e:  # whatever a reader raises is its verdict
                verdict = "WRONG"
                wrong.append(f"{line}: {type(e).__name__}: {str(e)[:600]}")
            print(f"{verdict.ljust(5)}  {reader.ljust(6)}  {line}")
    for text in wrong:
        print(text, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
