"""From a YAML file to a model: every fault of shape, each with its line and a way to mend it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from spine_tutor.problems import Problem, ProblemError, nearest
from spine_tutor.yaml_source import Location, Source, read_yaml

Model = TypeVar("Model", bound=BaseModel)


def load(model: type[Model], path: Path) -> tuple[Model, Source]:
    """Read a file that an instructor wrote as `model`, and where each of its values stands.

    Raises:
        ProblemError: with everything that is wrong in its shape.
    """
    data, source = read_yaml(path)
    if not isinstance(data, dict):
        remedy = f"Begin with `{next(iter(model.model_fields))}:` at the left margin."
        raise ProblemError(source.problem((), "is not a mapping of keys to values.", remedy))
    try:
        return model.model_validate(data), source
    except ValidationError as error:
        raise ProblemError(_problems(model, error.errors(include_url=False), source)) from None


def _problems(model: type[BaseModel], errors: list[ErrorDetails], source: Source) -> list[Problem]:
    """Return one problem a place; alternatives of a union that a deeper fault explains go."""
    by_place: dict[Location, ErrorDetails] = {}
    for error in errors:
        place = source.known(error["loc"])
        if error["type"] == "missing":
            place = (*place, error["loc"][-1])
        by_place.setdefault(place, error)
    deepest = [
        (place, error)
        for place, error in by_place.items()
        if not (_is_consequence(error) and any(_below(other, place) for other in by_place))
    ]
    problems = []
    for place, error in deepest:
        message, remedy = _explain(model, error)
        problems.append(source.problem(place, message, remedy))
    return sorted(problems, key=lambda p: (p.line or 0, p.key))


def _below(place: Location, above: Location) -> bool:
    return len(place) > len(above) and place[: len(above)] == above


def _is_consequence(error: ErrorDetails) -> bool:
    """Return whether a fault further inside explains this one.

    A list whose entries are faulty counts as too short, and a value that may be text or a list
    is no text when an entry of the list is faulty.
    """
    return error["type"] in ("too_short", "string_type")


def _explain(model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    """Return message and remedy of one validation error, in an author's words."""
    kind, value, context = error["type"], error.get("input"), error.get("ctx", {})
    if "remedy" in context:  # our own rules bring theirs
        return error["msg"], context["remedy"]
    if kind == "missing":
        about = _schema_at(model, error["loc"]).get("description", "")
        return "is missing.", f"Add it. {about}".strip()
    if kind == "extra_forbidden":
        allowed = _schema_at(model, error["loc"][:-1]).get("properties", {})
        return "is no key that is known here.", nearest(str(error["loc"][-1]), allowed)
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        return f"cannot be `{value}`.", nearest(str(value), choices)
    if kind == "union_tag_invalid":
        choices = re.findall(r"'([^']*)'", context["expected_tags"])
        key = context["discriminator"].strip("'")
        return f"has an unknown {key} `{context['tag']}`.", nearest(context["tag"], choices)
    if kind == "union_tag_not_found":
        key = context["discriminator"].strip("'")
        return f"does not say its `{key}`.", f"Add `{key}: …`."
    if kind == "string_pattern_mismatch":
        about = _schema_at(model, error["loc"]).get("description", "Change it to match.")
        return f"cannot be `{value}`: it must match {context['pattern']}.", about
    shown = f"`{value}`" if isinstance(value, str | int | float) else f"a {_plain_type(value)}"
    about = _schema_at(model, error["loc"]).get("description", "").split("\n")[0]
    if kind == "value_error":  # a rule of the model's own says what it found
        said = str(context["error"])
        said = said if said.endswith((".", "?")) else f"{said}."
        return said, f"Change the value. {about}".strip()
    rule = error["msg"].replace("Input should", "it should")
    if kind == "string_type":
        rule, remedy = "it should be text", "Put the text in quotes."
    elif kind == "tuple_type":
        rule, remedy = "it should be a list", "Write `[…, …]`, or one `- ` line for each entry."
    elif kind in ("model_type", "dict_type"):
        rule, remedy = "it should be a mapping", "Write `key: value` lines, or `{key: value}`."
    elif kind == "too_short":
        rule, remedy = f"it needs {context['min_length']} or more entries", "Add to it."
    elif kind == "too_long":
        rule, remedy = f"it may have {context['max_length']} entries", "Take from it."
    else:
        remedy = "Change the value."
    return f"is {_shortened(shown)}; {rule}.", f"{remedy} {about}".strip()


def _plain_type(value: Any) -> str:
    names = {dict: "mapping", type(None): "blank"}
    return names.get(type(value), type(value).__name__)


def _shortened(text: str) -> str:
    return text if len(text) < 80 else text[:76] + "…`"


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _schema_at(model: type[BaseModel], location: tuple[int | str, ...]) -> dict[str, Any]:
    """Return the JSON Schema of the value at a validation error's location."""
    root = _schema(model)
    here = _resolved(root, root)
    for step in location:
        if isinstance(step, int):
            here = _resolved(root, here.get("items", {}))
        elif step in here.get("properties", {}):
            here = _resolved(root, here["properties"][step])
        elif step in here.get("discriminator", {}).get("mapping", {}):
            here = _resolved(root, {"$ref": here["discriminator"]["mapping"][step]})
    return here


def _resolved(root: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its reference, or its only alternative to null, followed."""
    options = [o for o in schema.get("anyOf", ()) if o.get("type") != "null"]
    if len(options) == 1:
        schema = {**options[0], **{k: v for k, v in schema.items() if k == "description"}}
    if "$ref" in schema:
        target = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
        schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema
