"""Reads in-toto statements, one JSON text on each line of standard input, with the bindings that in-toto publishes.

Prints a line for each that is none, or whose SLSA provenance is none: its number, and why; nothing when all are well. An unknown
field is a fault, as is one of another type. Runs in the Python of .cache/attestation.
"""

import json
import sys

from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Wire

PROVENANCE = "https://slsa.dev/provenance/v1"


def check(text: str) -> None:
    wire = json_format.Parse(text, Wire())
    Statement.copy_from_pb(wire).validate()
    if wire.predicate_type == PROVENANCE:
        predicate = json_format.ParseDict(json.loads(text)["predicate"], Provenance())
        definition, details = predicate.build_definition, predicate.run_details
        # Required by https://slsa.dev/spec/v1.0/provenance; a message of protobuf requires nothing.
        if not (definition.build_type and definition.external_parameters.fields and details.builder.id):
            raise ValueError("buildType, externalParameters and builder.id are required")


for number, line in enumerate(sys.stdin):
    try:
        check(line)
    except Exception as error:
        print(number, error)
