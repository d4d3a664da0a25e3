"""What a program's tables hold, the same line for equal tables.

python facts.py KIND DATA DIR, where KIND is restlua, dlt or duckdb.
"""
import sys

import duckdb

kind, data, folder = sys.argv[1:4]
base = {"restlua": folder + "/bench", "dlt": folder + "/data/bench"}.get(kind)


def one(query):
    return duckdb.execute(query).fetchone()


if kind == "duckdb":
    records, login = f"'{folder}/records.parquet'", 'r."user".login'
else:
    records, login = f"'{base}/records/*.parquet'", "user__login"
if data == "small":
    facts = one(
        "SELECT count(*), sum(id), sum(hash(customer)), sum(cast(round(amount * 100) AS bigint)), count_if(paid), "
        f"sum(quantity), sum(epoch_us(cast(created_at AS timestamptz))), sum(hash(note)) FROM {records}"
    )
else:
    facts = one(
        "SELECT count(*), sum(id), sum(hash(title)), sum(hash(body)), sum(comments), count(closed_at), "
        "sum(epoch_us(cast(updated_at AS timestamptz))), count_if(locked), "
        f"sum(cast(round(score * 1000) AS bigint)), sum(hash({login})) FROM {records} r"
    )
    if kind == "duckdb":
        labels = f"(SELECT unnest(labels, recursive := true) FROM {records})"
    else:
        labels = f"'{base}/records__labels/*.parquet'"
    facts += one(f"SELECT count(*), sum(id), sum(hash(name)), sum(hash(description)) FROM {labels}")
print(*facts)
