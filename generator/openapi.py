"""The service's OpenAPI document: 3.2, whose `itemSchema` describes each item of a stream by the record's contract."""

import json
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts import schema
from contracts.model import GeneratorReading
from generator.problems import Problem
from generator.representation import MediaType

_READING: Final = {"$ref": "#/components/schemas/GeneratorReading"}
_EVENT: Final = {
    "type": "object",
    "required": ["id", "data"],
    "properties": {
        "id": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "The line's number."},
        "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": _READING},
    },
}

STREAM: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK.value: {
        "description": "Readings, one line or event each.",
        "headers": {
            "Stream-Id": {"description": "Name of the run.", "required": True, "schema": {"type": "string"}},
            "Stream-After": {
                "description": "The cursor that the body starts after.",
                "required": True,
                "schema": {"type": "string", "pattern": "^[0-9]+$"},
            },
        },
        "content": {
            MediaType.NDJSON.value: {"itemSchema": _READING},
            MediaType.JSON_LINES.value: {"itemSchema": _READING},
            MediaType.EVENTS.value: {"itemSchema": _EVENT},
        },
    }
}
"""What OpenAPI says of the stream's good answer."""

NAMEPLATES: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK.value: {
        "description": "Nameplates, one line each.",
        "content": {MediaType.NDJSON.value: {"itemSchema": {"$ref": "#/components/schemas/Nameplate"}}},
    }
}
"""What OpenAPI says of the nameplates' good answer."""

_MODELS: Final[tuple[type[BaseModel], ...]] = (GeneratorReading, Problem)


def _component(name: str, file: str) -> dict[str, Any]:
    """A contract as it is, with its references such that they lead somewhere from the OpenAPI document."""
    text = json.dumps({key: rule for key, rule in schema.document(file).items() if key not in {"$id", "$schema"}})
    component: dict[str, Any] = json.loads(text.replace("#/$defs/", f"#/components/schemas/{name}/$defs/"))
    return component


def describe(app: FastAPI) -> None:
    """Make the application's document one of OpenAPI 3.2, with the schemas that its answers refer to."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            built = get_openapi(
                title=app.title, version=app.version, openapi_version="3.2.0", summary=app.summary, routes=app.routes
            )
            _, models = models_json_schema(
                [(model, "serialization") for model in _MODELS], ref_template="#/components/schemas/{model}"
            )
            components = models["$defs"] | {"Nameplate": _component("Nameplate", "nameplate.v1.json")}
            built.setdefault("components", {}).setdefault("schemas", {}).update(components)
            app.openapi_schema = built
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's own way to extend the document
