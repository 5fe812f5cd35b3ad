"""Holds the items of a served registry against the schemas of their registers.

The registry is OSLO_ENDPOINT. Every item of a register is read as a document of its own, up to MOST of them, and the example
and a page of the list too.
"""

import json
import os
import sys
import urllib.request

from jsonschema import Draft202012Validator

BASE = os.environ["OSLO_ENDPOINT"].rstrip("/")
MOST = 400


def read(address):
    """A JSON document of the registry."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


def items(register):
    """The addresses of items of a register that it shows itself."""
    own = f"{BASE}/api/{register}/"
    page = read(f"{BASE}/api/{register}?limit=200")
    found = 0
    while True:
        for item in page["data"]:
            if item["detail"].startswith(own):
                found += 1
                yield item["detail"]
        if found >= MOST or "volgende" not in page:
            return
        page = read(page["volgende"])


def main():
    """Tells what does not fit; how many were looked at is the last line."""
    wrong = checked = 0
    for described in read(f"{BASE}/schemas")["schemas"]:
        schema = read(described["schema"])
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        for address in [described["voorbeeld"], *items(described["register"])]:
            checked += 1
            for error in validator.iter_errors(read(address)):
                wrong += 1
                if wrong < 20:
                    print(address, list(error.absolute_path), error.message[:300])
    print(f"{checked} documents, {wrong} mistakes")
    return 1 if wrong or checked < 100 else 0


sys.exit(main())
