"""DuckDB's own way from JSON to Parquet: python duckdb_copy.py FILES OUT THREADS."""
import sys

import duckdb

files, out, threads = sys.argv[1:4]
if int(threads) > 0:
    duckdb.execute(f"SET threads = {int(threads)}")
form = "newline_delimited" if files.endswith(".ndjson") else "array"
duckdb.execute(
    f"COPY (SELECT * FROM read_json('{files}', format = '{form}')) "
    f"TO '{out}/records.parquet' (FORMAT parquet, COMPRESSION zstd)"
)
