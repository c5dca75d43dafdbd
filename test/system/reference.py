"""Reads the documents of the repository, and the sources, as tests compare them."""

import re

import jsonschema
import yaml

from harness import ROOT

REFERENCE = ROOT / "docs/reference"


def module(path):
    """Returns a file of a package of npm, which test/run.sh has installed."""
    result = ROOT / "test/node_modules" / path
    assert result.exists(), "run npm ci --prefix test"
    return result


def words_of(text):
    """Returns what stands in a text as code, each span of it once."""
    return set(re.findall(r"`([^`\n]+)`", text))


def tables_of(text):
    """Yields the tables of a document in Markdown: lists of rows, whose first is the
    header, and which are lists of cells."""
    for block in re.findall(r"(?:^[ \t]*\|.*\n?)+", text, re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
                for line in block.splitlines()]
        if len(rows) > 2 and set("".join(rows[1])) <= set("-: "):
            yield [rows[0], *rows[2:]]


def table_with(text, *header):
    """Returns the rows below the first header that begins with these cells."""
    return next(rows[1:] for rows in tables_of(text) if rows[0][:len(header)] == list(header))


def sources(*folders):
    """Returns all C++ of some folders as one text."""
    return "\n".join(path.read_text() for folder in folders
                     for path in sorted((ROOT / folder).rglob("*.[ch]pp")))


def metric_tables():
    """Returns the tables of metrics of the sources: a dict from the names of families for
    Prometheus to their types and labels, a dict from the names in /stats that are always shown
    to the rooms that count them, and the prefixes of the other names."""
    text = (ROOT / "actors/core/metric.hpp").read_text()
    kinds = {"peak": "gauge"}
    families = {name: (kinds.get(kind, kind), label) for name, kind, label in re.findall(
        r'"(\w+)",\s*(counter|gauge|peak|summary|histogram),\s*(?:"[^"]*"\s*)+(?:,\s*"(\w+)")?',
        text)}
    rows = re.findall(r'\{\w+,\s*"(\w+)",\s*(?:\{[^{}]*\}|\w+)(?:,\s*(actors|net|redis))?'
                      r'(?:,\s*"[\w-]+")?(,\s*true)?\}', text)
    always = {name: room for name, room, optional in rows if room and not optional}
    return families, always, {name.partition("_")[0] for name, *_ in rows if name not in always}


class Description:
    """A document in YAML that describes an interface by JSON Schemas."""

    def __init__(self, name):
        self.all = yaml.safe_load((REFERENCE / name).read_text())

    def resolve(self, node):
        """Returns what a node of the document stands for."""
        while "$ref" in node:
            place = self.all
            for name in node["$ref"].removeprefix("#/").split("/"):
                place = place[name]
            node = place
        return node

    def check(self, value, schema):
        """Checks that a value is what a schema says, and has no member besides."""
        strict = {"allOf": [schema]}
        if isinstance(value, dict) and "additionalProperties" not in schema:
            strict["unevaluatedProperties"] = False
        jsonschema.Draft202012Validator(
            strict, resolver=jsonschema.RefResolver("", self.all)).validate(value)

    def schemas(self):
        """Yields all its schemas, each with the name that it has or the key before it."""
        def search(node, name):
            if isinstance(node, list):
                for item in node:
                    yield from search(item, name)
            elif isinstance(node, dict):
                for key, value in node.items():
                    if key in ("schema", "payload"):
                        yield name, value
                    if key != "examples":
                        yield from search(value, key)

        yield from self.all["components"]["schemas"].items()
        yield from search(self.all, "")
