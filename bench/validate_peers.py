"""The checks of bench/validate.mjs in pandas by hand, or in Pandera: python validate_peers.py pandas|pandera data.csv"""

import json
import resource
import sys

import pandas as pd

peer, path = sys.argv[1:]
TEXTS = ["email", "plan", "code", "note"]
PLANS = ["basic", "plus", "pro", "team"]
TYPES = {"id": "int64", "age": "int64", "amount": "float64", "score": "float64", "active": "bool"}

frame = pd.read_csv(path, dtype={**TYPES, **dict.fromkeys(TEXTS, "str")}, parse_dates=["day", "seen"])

if peer == "pandas":
    faults = [
        frame["id"].isna(), frame["id"] < 0,
        frame["email"].isna(), frame["email"].str.len() > 60, ~frame["email"].str.fullmatch(r"[^@]+@[^@]+"),
        frame["plan"].isna(), ~frame["plan"].isin(PLANS),
        frame["age"].isna(), ~frame["age"].between(0, 120),
        frame["amount"].isna(), ~frame["amount"].between(0, 100000),
        frame["score"].notna() & ~frame["score"].between(0, 1),
        frame["day"].isna(), frame["day"] < "2019-01-01", frame["seen"].isna(), frame["active"].isna(),
        frame["code"].isna(), frame["code"].str.len() != 7,
        frame["note"].str.len() > 200,
        ~((frame["age"] > 0) | (frame["amount"] < 100)),
    ]
    broken = sum(int(fault.sum()) for fault in faults) + (len(frame) < 1000)
else:
    import pandera.pandas as pa

    check = pa.Check
    columns = {
        "id": pa.Column("int64", check.ge(0)),
        "email": pa.Column(str, [check.str_length(max_value=60), check.str_matches(r"^[^@]+@[^@]+$")]),
        "plan": pa.Column(str, check.isin(PLANS)),
        "age": pa.Column("int64", check.in_range(0, 120)),
        "amount": pa.Column("float64", check.in_range(0, 100000)),
        "score": pa.Column("float64", check.in_range(0, 1), nullable=True),
        "day": pa.Column("datetime64[ns]", check.ge(pd.Timestamp("2019-01-01"))),
        "seen": pa.Column("datetime64[ns]"),
        "active": pa.Column(bool),
        "code": pa.Column(str, check.str_length(7, 7)),
        "note": pa.Column(str, check.str_length(max_value=200), nullable=True),
    }
    whole = [check(lambda rows: (rows["age"] > 0) | (rows["amount"] < 100)), check(lambda rows: len(rows) >= 1000)]
    broken = 0
    pa.DataFrameSchema(columns, checks=whole).validate(frame, lazy=True)

if broken:
    raise SystemExit(f"{broken} faults in data that has none")
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024, "rows": len(frame)}))
