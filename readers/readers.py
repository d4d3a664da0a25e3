"""Reads every table folder of a dataset with DuckDB, polars, pyarrow, pandas and
Spark, as far as they are installed, with default settings (RDR-09), and compares
names, types and order of the columns, the number of rows, and of each column the
number of nulls and a sum over all values. Where the dataset has a state.json,
rows and columns are compared with it, too.

A reader's own limits are no difference, but are not the same either: its cell
then says how many columns are ("12 of 13"), and a line below names each of the
others (docs/readers.md explains them).

Usage: readers.py DATASET...      Exit code 1: readers differ, or one fails.
"""

import datetime
import decimal
import json
import os
import re
import struct
import sys
import time
import zlib

# Spark shows moments in the zone of the session.
os.environ["TZ"] = "UTC"
time.tzset()
decimal.getcontext().prec = 100  # sums of many 38-digit numbers are exact

EPOCH = datetime.datetime(1970, 1, 1)
MICRO = datetime.timedelta(microseconds=1)


def number(value):
    """A number that equal values of all readers have in common; sums of it do
    not depend on the order of the rows."""
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return (value - EPOCH) // MICRO
    if isinstance(value, datetime.date):
        return (value - EPOCH.date()).days
    if isinstance(value, datetime.time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    if isinstance(value, decimal.Decimal):
        return value
    if isinstance(value, float):
        return zlib.crc32(b"NaN" if value != value else struct.pack("<d", value))
    if isinstance(value, str):
        value = value.encode()
    return zlib.crc32(bytes(value))


def facts(values):
    present = [v for v in values if v is not None]
    total = sum(map(number, present))
    return len(values), len(present), str(total.normalize() if isinstance(total, decimal.Decimal) else total)


def canonical(kind):
    """A reader's name of a type in restlua's words. Readers that do not know
    JSON see text."""
    kind = str(kind).lower()
    for pattern, word in (
        (r"decimal(?:128)?\((?:precision=)?(\d+), ?(?:scale=)?(\d+)\)", None),
        (r"timestamp with time zone|timestamp\[us, tz=utc\]|datetime\(time_unit='us', time_zone='utc'\)|timestamp", "timestamp"),
        (r"timestamp_ntz|timestamp\[us\]|datetime\(time_unit='us', time_zone=none\)", "naive timestamp"),
        (r"bigint|int64", "bigint"),
        (r"double|float64", "double"),
        (r"bool(ean)?", "bool"),
        (r"varchar|string|json|extension<arrow.json>", "text"),
        (r"blob|binary", "binary"),
        (r"date(32\[day\])?", "date"),
        (r"time(64\[us\]|\(6\))?", "time"),
    ):
        found = re.fullmatch(pattern, kind)
        if found:
            return word or f"decimal({found[1]},{found[2]})"
    return kind


def with_duckdb(folder):
    import duckdb

    rel = duckdb.connect().read_parquet(folder + "/*.parquet")
    kinds = [str(k) for k in rel.types]
    # In DuckDB's words TIMESTAMP is the one without a zone.
    kinds = ["timestamp_ntz" if k == "TIMESTAMP" else k for k in kinds]
    rows = rel.fetchall()
    return {n: (k, [r[i] for r in rows]) for i, (n, k) in enumerate(zip(rel.columns, kinds))}, {}


def with_polars(folder):
    import polars

    frame = polars.read_parquet(folder)
    return {s.name: (s.dtype, s.to_list()) for s in frame}, {}


def with_pyarrow(folder):
    import pyarrow.dataset

    table = pyarrow.dataset.dataset(folder).to_table()
    return {f.name: (f.type, table.column(i).to_pylist()) for i, f in enumerate(table.schema)}, {}


SPARK_TIME = "spark.sql.timeType.enabled"


def with_spark(folder):
    """Spark refuses a table with a column of type time until that is switched
    on; it is, for this one table, to compare all else."""
    from pyspark.sql import SparkSession

    build = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
    session = build.config("spark.log.level", "OFF").getOrCreate()
    refused = False
    try:
        frame = session.read.parquet(folder)
    except Exception as e:
        if "UNSUPPORTED_TIME_TYPE" not in str(e):
            raise
        refused = True
        session.conf.set(SPARK_TIME, "true")
        frame = session.read.parquet(folder)
    try:
        kinds = [kind for _, kind in frame.dtypes]
        rows = frame.collect()
    finally:
        session.conf.unset(SPARK_TIME)
    columns = {name: (kinds[i], [r[i] for r in rows]) for i, name in enumerate(frame.columns)}
    notes = {n: f"refused, and the table with it, until {SPARK_TIME} is set" for n, (k, _) in columns.items() if refused and canonical(k) == "time"}
    if refused and not notes:
        raise Differs("UNSUPPORTED_TIME_TYPE, but no column is of type time")
    return columns, notes


def with_pandas(folder):
    import pandas

    frame = pandas.read_parquet(folder)
    columns = {}
    for name in frame.columns:
        missing = frame[name].isna()
        columns[name] = str(frame[name].dtype), [None if m else v for v, m in zip(frame[name].tolist(), missing)]
    return columns, {}


READERS = {"duckdb": with_duckdb, "polars": with_polars, "pyarrow": with_pyarrow, "spark": with_spark, "pandas": with_pandas}

# What pandas makes of types with its defaults.
PANDAS = {
    "bool": ("bool", "boolean"), "bigint": ("int64", "Int64"), "double": ("float64",), "text": ("str", "object"),
    "timestamp": ("datetime64[us, UTC]",), "naive timestamp": ("datetime64[us]",),
}  # fmt: skip


class Differs(Exception):
    pass


def check(name, columns, notes, want):
    """Compares a reader's columns with the wanted ones: name -> (type, values)."""
    if list(columns) != list(want):
        raise Differs(f"columns {list(columns)}, want {list(want)}")
    for column, (kind, have) in columns.items():
        expected, values = want[column]
        if name == "pandas":
            if kind not in PANDAS.get(expected, ("object",)):
                raise Differs(f"column {column[:40]} is {kind}, want {expected}")
            if expected == "double":  # null and NaN are one thing
                values = [None if v != v else v for v in values]
        elif canonical(kind) != expected:
            raise Differs(f"column {column[:40]} is {kind}, want {expected}")
        if facts(have) != facts(values):
            raise Differs(f"column {column[:40]} has {facts(have)}, want {facts(values)}")


def compare(folder, state):
    """Compares the readers on one folder; returns a line of the table, the notes
    and what differs."""
    line, remarks, wrong, want = [], [], [], None
    for name, read in READERS.items():
        try:
            columns, notes = read(folder)
            if want is None:
                want = {c: (canonical(k), v) for c, (k, v) in columns.items()}
                rows = len(next(iter(columns.values()))[1]) if columns else 0
                against_state(want, rows, state)
            check(name, columns, notes, want)
            line.append(f"{len(want) - len(notes)} of {len(want)}" if notes else "same")
            remarks += [f"{folder}: {name}: column {c[:40]} ({want[c][0]}): {text}" for c, text in notes.items()]
        except ImportError:
            line.append("-")
        except Exception as e:  # whatever a reader raises is its verdict
            line.append("WRONG")
            wrong.append(f"{folder}: {name}: {type(e).__name__}: {str(e)[:600]}")
    return [os.path.basename(folder), str(rows if want else "?"), str(len(want or ())), *line], remarks, wrong


def against_state(have, rows, table):
    if table is None:
        return
    want = {}
    for c in table["columns"]:
        kind = {"json": "text"}.get(c["type"], c["type"])
        if kind == "decimal":
            kind = f"decimal({c['precision']},{c.get('scale', 0)})"
        want[c["name"]] = "naive timestamp" if c.get("naive") else kind
    if rows != table["rows"] or list(want.items()) != [(n, k) for n, (k, _) in have.items()]:
        raise Differs(f"{rows} rows of {[(n, k) for n, (k, _) in have.items()]}, state.json has {table['rows']} of {list(want.items())}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    lines, remarks, wrong = [["table", "rows", "columns", *READERS]], [], []
    for dataset in sys.argv[1:]:
        tables = {}
        if os.path.exists(os.path.join(dataset, "state.json")):
            with open(os.path.join(dataset, "state.json"), encoding="utf-8") as f:
                tables = json.load(f)["tables"]
        folders = sorted(e.path for e in os.scandir(dataset) if e.is_dir() and any(f.endswith(".parquet") for f in os.listdir(e.path)))
        if not folders:
            sys.exit(f"{dataset}: no tables")
        for folder in folders:
            line, notes, differences = compare(folder, tables.get(os.path.basename(folder)))
            lines.append(line)
            remarks += notes
            wrong += differences
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, [36, 6, 7, 8, 8, 8, 8, 8])).rstrip())
    for text in remarks:
        print(text)
    for text in wrong:
        print(text, file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
