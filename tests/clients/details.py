"""PyLD reads documents of items back as the statements that are stored of them.

The folder named by the first argument holds a document `{n}.jsonld` with the statements `{n}.nq` for every item, in canonical
form, and the contexts by name. Nothing is fetched but those contexts.
"""

import json
import pathlib
import sys

from pyld import jsonld

folder = pathlib.Path(sys.argv[1])
contexts = {}


def load(url, options=None):
    name = url.rsplit("/", 1)[-1]
    if name not in contexts:
        contexts[name] = json.loads((folder / "contexts" / name).read_text())
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": contexts[name]}


jsonld.set_document_loader(load)
checked = 0
for path in sorted(folder.glob("*.jsonld")):
    document = json.loads(path.read_text())
    options = {"algorithm": "URDNA2015", "format": "application/n-quads"}
    found = jsonld.normalize(document, options)
    stored = jsonld.normalize(path.with_suffix(".nq").read_text(), {**options, "inputFormat": "application/n-quads"})
    if found != stored:
        print(f"{document['@id']}\nread:\n{found}\nstored:\n{stored}")
        sys.exit(1)
    checked += 1
print(checked)
