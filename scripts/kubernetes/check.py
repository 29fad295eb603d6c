"""Reads YAML from standard input and prints JSON.

check.py objects            the documents
check.py validate VERSION   one line for each that Kubernetes VERSION would refuse
check.py compose            the same for a Compose file
"""

import functools
import json
import sys

import yaml


def validate(documents, version):
    from kubernetes_validate import SchemaNotFoundError, ValidationError, utils

    # Else every object reads 2 MB of definitions anew.
    utils.schema_contents = functools.lru_cache(maxsize=None)(utils.schema_contents)
    for document in documents:
        name = f"{document['kind']} {document['metadata']['name']}"
        try:
            utils.validate(document, version, strict=True)
        except ValidationError as error:
            where = "/".join(str(part) for part in error.path)
            yield f"{name}: {where}: {error.message}"
        except SchemaNotFoundError:
            yield f"{name}: {document['apiVersion']}: unknown to Kubernetes {version}"


def compose(document):
    from compose_spec import PyCompose

    try:
        PyCompose.from_json(json.dumps(document))
    except ValueError as error:
        yield str(error)


command, *arguments = sys.argv[1:]
text = sys.stdin.read()
documents = [document for document in yaml.safe_load_all(text) if document is not None]
if command == "validate":
    documents = list(validate(documents, *arguments))
elif command == "compose":
    documents = list(compose(*documents))
json.dump(documents, sys.stdout)
