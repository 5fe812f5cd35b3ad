"""Reads Parquet files of observations with pyarrow and DuckDB, and compares what they say with what the store says."""

import hashlib
import json
import math
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = [
    ("series", pa.uint32()),
    ("feature", pa.uint32()),
    ("phenomenonTime", pa.timestamp("us", tz="UTC")),
    ("phenomenonEnd", pa.timestamp("us", tz="UTC")),
    ("resultTime", pa.timestamp("us", tz="UTC")),
    ("result", pa.float64()),
    ("resultBoolean", pa.bool_()),
    ("resultText", pa.string()),
    ("quality", pa.uint8()),
    ("ingestSeq", pa.uint64()),
]

# What docs/observations.md tells portals to ask.
HOLDING = """
    SELECT * FROM read_parquet($files)
    QUALIFY row_number() OVER (PARTITION BY series, phenomenonTime, feature ORDER BY ingestSeq DESC) = 1
"""


def same(ours, theirs, what):
    assert len(ours) == len(theirs), f"{what}: {len(ours)} rows, not {len(theirs)}"
    for one, other in zip(ours, theirs):
        near = all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(one, other))
        assert near and len(one) == len(other), f"{what}: {one} is not {other}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        expected = json.load(file)
    names = []
    for path, rows, sha256 in expected["files"]:
        names.append(path)
        table = pq.read_table(path)
        assert [(field.name, field.type) for field in table.schema] == COLUMNS, table.schema
        assert table.num_rows == rows, path
        with open(path, "rb") as file:
            assert hashlib.sha256(file.read()).hexdigest() == sha256, path
    assert len(names) > 3, "there are files of several days and patches"

    holding = duckdb.execute(f"""
        SELECT series, count(*), coalesce(sum(coalesce(result, resultBoolean::int)), 0) FROM ({HOLDING})
        WHERE coalesce(result::varchar, resultBoolean::varchar, resultText) IS NOT NULL GROUP BY 1 ORDER BY 1
    """, {"files": names}).fetchall()
    same(expected["totals"], holding, "totals by DuckDB")
    hours = duckdb.execute(f"""
        SELECT epoch_us(time_bucket(INTERVAL 1 HOUR, phenomenonTime)), count(*), min(result), max(result), sum(result)
        FROM ({HOLDING}) WHERE series = 0 AND result IS NOT NULL GROUP BY 1 ORDER BY 1
    """, {"files": names}).fetchall()
    same(expected["hours"], hours, "hours by DuckDB")

    newest = {}
    for row in pa.concat_tables(pq.read_table(name) for name in names).to_pylist():
        key = (row["series"], row["phenomenonTime"], row["feature"])
        if key not in newest or newest[key]["ingestSeq"] < row["ingestSeq"]:
            newest[key] = row
    totals = {}
    for row in newest.values():
        told = [row[name] for name in ("result", "resultBoolean", "resultText") if row[name] is not None]
        if told:
            count, total = totals.get(row["series"], (0, 0.0))
            number = 0.0 if isinstance(told[0], str) else float(told[0])
            totals[row["series"]] = (count + 1, total + number)
    same(expected["totals"], [(series, *totals[series]) for series in sorted(totals)], "totals by pyarrow")


if __name__ == "__main__":
    main()
