"""The OpenAPI document as a page shows it: its operations by tag, and its objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "put", "post", "delete")
_BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
}


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is, and the object in the document that it is, or is a list of."""

    text: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: Type
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """`scope` is that of the token which it needs, or None if it needs none."""

    method: str
    path: str
    summary: str
    scope: str | None
    parameters: tuple[Field, ...]
    body: Type | None
    answers: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Object:
    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    description: str
    groups: tuple[Group, ...]
    objects: tuple[Object, ...]


def outline(document: Mapping[str, Any]) -> Outline:
    operations = list(_operations(document))
    return Outline(
        document["info"]["description"],
        tuple(
            Group(tag["name"], tag["description"], tuple(one for name, one in operations if name == tag["name"]))
            for tag in document["tags"]
        ),
        tuple(
            Object(name, schema.get("description", ""), tuple(_fields(schema)))
            for name, schema in sorted(document["components"]["schemas"].items())
        ),
    )


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            said = item[method]
            parameters = [*item.get("parameters", ()), *said.get("parameters", ())]
            scopes = [scope for way in said["security"] for scope in way.get("token", ())]
            yield (
                said["tags"][0],
                Operation(
                    method.upper(),
                    path,
                    said["summary"],
                    None if {} in said["security"] else scopes[0],
                    tuple(
                        Field(one["name"], _type(one["schema"]), one.get("required", False), one.get("description", ""))
                        for one in parameters
                    ),
                    _content(said["requestBody"]) if "requestBody" in said else None,
                    tuple(
                        (status, _content(answer) or Type("nothing"))
                        for status, answer in said["responses"].items()
                        if status.startswith("2")
                    ),
                ),
            )


def _content(said: Mapping[str, Any]) -> Type | None:
    return next((_type(content["schema"]) for content in said.get("content", {}).values()), None)


def _fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, said in schema.get("properties", {}).items():
        yield Field(name, _type(said), name in required, said.get("description", ""))


def _type(schema: Mapping[str, Any]) -> Type:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Type(name, name)
    for choice in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
        if "$ref" in choice:
            return _type(choice)
    if schema.get("type") == "array":
        item = _type(schema["items"])
        return Type(f"list of {item.text}", item.name)
    kinds = schema.get("type", "object")
    words = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if "enum" in schema:
        words = " or ".join(map(str, schema["enum"]))
    bounds = [said.format(schema[bound]) for bound, said in _BOUNDS.items() if bound in schema]
    return Type(", ".join([words, *([" ".join(bounds)] if bounds else [])]))
