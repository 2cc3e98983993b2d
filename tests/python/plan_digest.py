"""Computes the digests of JSON plans as docs/json-plan.md defines them, with nothing of Rolecall.

Standard input: one JSON object that holds plans by name. Prints one JSON object that holds the digest of each.
"""

import hashlib
import json
import sys

KEYS = [
    "accountId", "action", "after", "before", "kind", "permissionSet", "principalId", "provisions", "renamedTo",
    "servicePrincipalId", "tenantId",
]


def canonical(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def covered(change):
    kept = {key: change[key] for key in KEYS if key in change}
    if change["action"] == "assign" and "until" in change:
        kept["until"] = change["until"]
    if change["action"] == "provision-group":
        kept["after"] = {key: value for key, value in change["after"].items() if key != "members"}
    if "lost" in change:
        kept["lost"] = [{key: lost[key] for key in ("accountId", "permissionSet", "principalId")} for lost in change["lost"]]
    return canonical(kept)


def digest(plan):
    changes = sorted(covered(change) for change in plan["changes"])
    instance, stack = canonical(plan["instanceArn"]), canonical(plan["stack"])
    absent = plan.get("absentMeansEmpty", [])
    accepted = f'"absentMeansEmpty":{canonical(sorted(absent))},' if absent else ""
    text = f'{{{accepted}"changes":[{",".join(changes)}],"instanceArn":{instance},"stack":{stack}}}'
    return hashlib.sha256(text.encode()).hexdigest()


json.dump({name: digest(plan) for name, plan in json.load(sys.stdin).items()}, sys.stdout)
