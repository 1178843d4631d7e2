"""What a model is asked: the conversation so far, and how. Travels as one line of JSON to the process that asks."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from chattui.config.models import ModelSettings
from chattui.domain.replies import File, Turn

__all__ = ["File", "Request", "Turn", "decode", "encode"]


@dataclass(frozen=True, slots=True)
class Request:
    """A reply that is wanted to ``turns``, the last of which is the prompt. ``model`` is empty for the default.

    Without turns only the names of the models are wanted.
    """

    settings: ModelSettings
    turns: tuple[Turn, ...] = ()
    model: str = ""
    system: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def encode(request: Request) -> bytes:
    """The request as one line."""
    turns = [
        {
            "role": turn.role,
            "text": turn.text,
            "files": [
                {"name": file.name, "mime": file.mime, "data": base64.b64encode(file.data).decode()}
                for file in turn.files
            ],
        }
        for turn in request.turns
    ]
    return (
        json.dumps(
            {
                "settings": request.settings.as_json(),
                "turns": turns,
                "model": request.model,
                "system": request.system,
                "options": request.options,
            }
        ).encode()
        + b"\n"
    )


def decode(line: bytes) -> Request:
    """The request of a line that ``encode`` made."""
    fields = json.loads(line)
    turns = tuple(
        Turn(
            turn["role"],
            turn["text"],
            tuple(File(f["name"], f["mime"], base64.b64decode(f["data"])) for f in turn["files"]),
        )
        for turn in fields["turns"]
    )
    settings = ModelSettings.from_json(fields["settings"])
    return Request(settings, turns, fields["model"], fields["system"], fields["options"])
