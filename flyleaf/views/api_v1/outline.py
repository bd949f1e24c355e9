"""The OpenAPI document as pages show it: its operations by tag, with their objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "put", "post", "patch", "delete")
_BOUNDS = {
    "minLength": "at least {} character",
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

    id: str
    method: str
    path: str
    summary: str
    scope: str | None
    parameters: tuple[Field, ...]
    body: Type | None
    answers: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Object:
    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Operations with the objects that they take and answer, by name."""

    name: str
    description: str
    operations: tuple[Operation, ...]
    objects: tuple[Object, ...]

    @property
    def key(self) -> str:
        """Return its name in addresses."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Outline:
    description: str
    groups: tuple[Group, ...]
    problem: tuple[Object, ...]


def outline(document: Mapping[str, Any]) -> Outline:
    """Return what the pages about the document show. `problem` is what every error is."""
    objects = {
        name: Object(name, schema.get("description", ""), tuple(_fields(schema)))
        for name, schema in document["components"]["schemas"].items()
    }
    by_tag: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for name, operation in _operations(document):
        by_tag[name].append(operation)
    return Outline(
        document["info"]["description"],
        tuple(
            Group(tag["name"], tag["description"], tuple(found), _reached(objects, _types(found)))
            for tag, found in zip(document["tags"], by_tag.values(), strict=True)
        ),
        _reached(objects, [Type("Problem", "Problem")]),
    )


def _types(operations: Iterable[Operation]) -> Iterator[Type]:
    for operation in operations:
        yield from (field.type for field in operation.parameters)
        yield from (answer for _, answer in operation.answers)
        if operation.body:
            yield operation.body


def _reached(objects: Mapping[str, Object], types: Iterable[Type]) -> tuple[Object, ...]:
    """Return the objects that these types are, and those in their fields, by name."""
    found: dict[str, Object] = {}
    waiting = list(types)
    while waiting:
        name = waiting.pop().name
        if name is not None and name not in found:
            found[name] = objects[name]
            waiting += [field.type for field in objects[name].fields]
    return tuple(found[name] for name in sorted(found))


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
                    said["operationId"],
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
