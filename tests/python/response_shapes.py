"""Compares the table of required members of AWS's responses with the output shapes of botocore's service models.

Standard input: one JSON object with `required` and `notRequired`, lists of [service, operation, path, form]. Prints one
line for every difference: a required or excepted member that no shape has, one of another type, and a list of an output
shape that is in neither of the two.
"""

import json
import sys

import botocore.session

TYPES = {"list": "list", "text": "string", "object": "structure"}
session = botocore.session.get_session()
tables = json.load(sys.stdin)
models = {}


def output(service, operation):
    if service not in models:
        models[service] = session.get_service_model(service)
    return models[service].operation_model(operation).output_shape


def member(shape, path):
    """Returns the shape of a member, or None. A step `Name[]` leads to the elements of a list."""
    for step in path.split("."):
        name = step.removesuffix("[]")
        members = getattr(shape, "members", {})
        if name not in members:
            return None
        shape = members[name]
        if step.endswith("[]"):
            if shape.type_name != "list":
                return None
            shape = shape.member
    return shape


def lists(shape, before=""):
    """Yields the paths of the lists of an output shape, and of the structures directly in it."""
    for name, inner in shape.members.items():
        if inner.type_name == "list":
            yield before + name
        elif inner.type_name == "structure" and not before:
            yield from lists(inner, name + ".")


known = set()
operations = {(service, operation) for service, operation, *_ in tables["operations"]}
for service, operation, path, form in tables["required"] + tables["notRequired"]:
    known.add((service, operation, path))
    found = member(output(service, operation), path)
    if found is None:
        print(f"{service}:{operation} has no member {path}")
    elif found.type_name != TYPES[form]:
        print(f"{service}:{operation}: {path} is a {found.type_name}, not {form}")
for service, operation in sorted(operations):
    shape = output(service, operation)
    for path in lists(shape) if shape else ():
        if (service, operation, path) not in known:
            print(f"{service}:{operation}: the list {path} is neither required nor excepted")
