"""The JSON Schema of a snapshot: what ctxtop prints is valid by it, and holds nothing that it does not describe."""

import copy
import json
import pathlib

import jsonschema
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ROOT / "Tests/CtxtopReportTests/__Documents__"


@pytest.fixture
def schema(ctxtop):
    result = ctxtop("dump", "--schema")
    assert (result.returncode, result.stderr) == (0, "")
    return json.loads(result.stdout)


def closed(schema):
    """The same without room for members that are not described."""
    schema = copy.deepcopy(schema)

    def close(part):
        if isinstance(part, dict):
            if "properties" in part:
                part["additionalProperties"] = False
            for value in part.values():
                close(value)
        elif isinstance(part, list):
            for value in part:
                close(value)

    close(schema)
    return schema


def validate(document, schema):
    jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER).validate(document)


def test_it_is_a_schema(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert "additionalProperties" not in schema, "new names may come"


def test_every_member_is_described(schema):
    def look(part, path):
        for name, member in part.get("properties", {}).items():
            assert member["description"].endswith("."), f"{path}.{name}"
            look(member, f"{path}.{name}")

    look(schema, "")
    for name, part in schema["$defs"].items():
        look(part, name)


def test_it_is_the_one_that_is_published(ctxtop):
    assert ctxtop("dump", "--schema").stdout == (ROOT / "Sources/CtxtopReport/Schema/ctxtop.snapshot-1.json").read_text()


def test_it_goes_into_a_file(ctxtop, tmp_path):
    path = tmp_path / "schema.json"
    result = ctxtop("dump", "--schema", "-o", path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert json.loads(path.read_text())["title"] == "ctxtop.snapshot/1"


@pytest.mark.parametrize("name", ["market", "facts"])
def test_a_market_in_which_everything_happens(schema, name):
    document = json.loads((DOCUMENTS / f"{name}.json").read_text())
    validate(document, closed(schema))


def test_a_dump(ctxtop, exporter, schema):
    exporter("shop")
    for line in ctxtop("dump", "-f", "ndjson", "-n", "2", "-i", "0.1").stdout.splitlines():
        validate(json.loads(line), closed(schema))


@pytest.mark.parametrize("change", [
    {"schema": "ctxtop.snapshot/2"}, {"app": None}, {"time": "yesterday"}, {"time": "2026-11-22T09:00:00Z"},
    {"monotonic_ns": -1}, {"workers": {}}, {"workers": [{"pid": 1}]}, {"totals": {}},
    {"verdicts": [{"code": "CTX999"}]}, {"server": None},
])
def test_what_is_wrong_is_refused(schema, change):
    document = json.loads((DOCUMENTS / "market.json").read_text())
    validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        validate({**document, **change}, schema)


def test_what_is_new_is_not_refused(schema):
    document = json.loads((DOCUMENTS / "market.json").read_text())
    document["news"] = document["workers"][0]["news"] = 1
    validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        validate(document, closed(schema))
