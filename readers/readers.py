"""Reads every table folder of a dataset with polars, pyarrow, pandas, DuckDB and
Spark, as far as they are installed, with default settings (RDR-09), and compares
rows, columns and, of each column, the number of nulls and the sum or total
length. Usage: readers.py DATASET. Exit code 1 on a difference.

Spark reads one row group by the offset of its first column, DuckDB by all of
them: what differs between readers is what this program is for.
"""

import decimal
import math
import os
import sys


def facts(columns):
    """Reduces columns (name -> list of values) to comparable facts."""
    out = {}
    for name, values in columns.items():
        present = [v for v in values if v is not None]
        total = 0
        for v in present:
            if isinstance(v, bool):
                total += v
            elif isinstance(v, (str, bytes, bytearray)):
                total += len(v)
            elif isinstance(v, (int, decimal.Decimal)):
                total += v
            elif isinstance(v, float) and math.isfinite(v):
                total += decimal.Decimal(repr(v))
        out[name] = (len(values), len(present), str(total.normalize() if isinstance(total, decimal.Decimal) else total))
    return out


def with_duckdb(folder):
    import duckdb

    rel = duckdb.connect().read_parquet(folder + "/*.parquet")
    rows = rel.fetchall()
    return {name: [r[i] for r in rows] for i, name in enumerate(rel.columns)}


def with_polars(folder):
    import polars

    return polars.read_parquet(folder).to_dict(as_series=False)


def with_pyarrow(folder):
    import pyarrow.dataset

    return pyarrow.dataset.dataset(folder).to_table().to_pydict()


def with_pandas(folder):
    import pandas

    # NaN and null are one thing to pandas with its default types, so that
    # only the number of rows and the names of columns are compared.
    frame = pandas.read_parquet(folder)
    return {name: len(frame) for name in frame.columns}


def with_spark(folder):
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    frame = session.read.parquet(folder)
    rows = frame.collect()
    return {name: [r[i] for r in rows] for i, name in enumerate(frame.columns)}


READERS = {"duckdb": with_duckdb, "polars": with_polars, "pyarrow": with_pyarrow, "pandas": with_pandas, "spark": with_spark}


def compare(folder):
    """Compares the readers on one folder; returns whether they agree."""
    first, want, same = None, None, True
    for name, read in READERS.items():
        try:
            columns = read(folder)
        except ImportError:
            print(f"  {name}: not installed")
            continue
        if name == "pandas":
            if want is not None and columns != {c: f[0] for c, f in want.items()}:
                print(f"  {name}: rows or columns are not those of {first}")
                same = False
            continue
        got = facts(columns)
        if want is None:
            first, want = name, got
            rows = next(iter(got.values()))[0] if got else 0
            print(f"{folder}: {rows} rows, {len(got)} columns")
        if list(got) != list(want):
            print(f"  {name}: columns {list(got)}, {first} has {list(want)}")
            same = False
            continue
        for column in got:
            if got[column] != want[column]:
                print(f"  {name}: {column[:40]} (rows, values, sum) {got[column]}, {first} has {want[column]}")
                same = False
    return same


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folders = sorted(e.path for e in os.scandir(sys.argv[1]) if e.is_dir() and any(f.endswith(".parquet") for f in os.listdir(e.path)))
    if not folders:
        sys.exit(f"{sys.argv[1]}: no table folders")
    results = [compare(f) for f in folders]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
