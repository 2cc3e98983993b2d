"""Validates JSON documents against a JSON Schema with jsonschema, which knows nothing of Rolecall.

Argument: the schema's file. Standard input: one JSON object that holds the documents by name. Prints one JSON object
that holds, for each document that breaks the schema, what is wrong and where. A schema that is itself not valid by its
meta-schema fails.
"""

import json
import pathlib
import sys

from jsonschema.validators import validator_for

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
Validator = validator_for(schema)
Validator.check_schema(schema)
validator = Validator(schema, format_checker=Validator.FORMAT_CHECKER)

faults = {}
for name, document in json.load(sys.stdin).items():
    found = [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(document)]
    if found:
        faults[name] = found
json.dump(faults, sys.stdout)
