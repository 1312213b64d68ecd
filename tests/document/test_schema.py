import json
from dataclasses import fields
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from attnviz.document import read_json
from attnviz.errors import DocumentError
from attnviz.result import AttentionResult, ModelInfo, Token
from tests.document.documents import as_dict, json_bytes, results, small

SCHEMA = json.loads((files("attnviz.render") / "assets/attnviz-1.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def properties(*path: str) -> dict[str, Any]:
    node = SCHEMA
    for key in path:
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node["properties"]


def test_the_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@given(results())
def test_every_document_we_write_is_valid(result: AttentionResult) -> None:
    VALIDATOR.validate(as_dict(result))


def test_a_rounded_document_is_valid() -> None:
    VALIDATOR.validate(json.loads(json_bytes(small(), precision=3)))


def test_every_field_we_write_is_described() -> None:
    described = {*as_dict(small()), "found", "hidden", "line", "precision", "weighting"}
    assert set(properties()) == described
    assert set(properties("$defs", "token", "anyOf", "1")) == {f.name for f in fields(Token)}
    assert set(properties("$defs", "model")) == set(ModelInfo("x", n_target_layers=1).described())
    axes = set(as_dict(small())["maps"]["encoder"])
    assert set(properties("$defs", "map")) == {*axes, "picked"}
    for described in (
        properties(),
        properties("$defs", "token", "anyOf", "1"),
        properties("$defs", "model"),
        properties("$defs", "map"),
    ):
        assert all("description" in field for field in described.values())


def test_the_least_that_another_program_can_write_is_valid() -> None:
    VALIDATOR.validate(
        {"schema": "attnviz/1", "tokens": ["a"], "maps": {"encoder": {"weights": [[[[1]]]]}}}
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "attnviz/2"),
        (("tokens",), []),
        (("tokens",), None),
        (("tokens", 0), 3),
        (("tokens", 0, "text"), None),
        (("tokens", 0, "id"), -1),
        (("tokens", 0, "special"), 1),
        (("texts",), "text"),
        (("model",), []),
        (("maps",), {}),
        (("maps",), {"self": {}}),
        (("maps", "encoder"), {}),
        (("maps", "encoder", "layers"), [0, 0]),
        (("maps", "encoder", "heads"), [-1]),
        (("maps", "encoder", "weights"), [[[0.5]]]),
        (("maps", "encoder", "weights", 0, 0, 0, 0), 1.5),
        (("maps", "encoder", "weights", 0, 0, 0, 0), -0.5),
        (("maps", "encoder", "weights", 0, 0, 0, 0), "1"),
        (("maps", "encoder", "weights", 0, 0, 0, 0), True),
        (("hidden",), [[]]),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(path: tuple[Any, ...], value: Any) -> None:
    document = node = as_dict(small())
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(DocumentError):
        read_json(json.dumps(document).encode())


def test_cross_attention_without_target_tokens_is_refused_by_both() -> None:
    document = as_dict(small())
    document["maps"] = {"cross": document["maps"]["encoder"]}
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(DocumentError, match="needs target_tokens"):
        read_json(json.dumps(document).encode())
