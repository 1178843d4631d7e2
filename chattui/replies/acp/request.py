"""What an agent is told: a prompt, a wish to stop, an answer to what it asked. One line of JSON each, to the process that
speaks to it."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass

from chattui.config.agents import AgentSettings
from chattui.domain.replies import File


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A prompt for an agent that works in ``directory``. Where it has no session that goes on, ``session`` is one from before
    that it may take up again. Where it does not, or ``fresh`` wants another one, ``before`` tells what was said until now."""

    agent: AgentSettings
    directory: str
    prompt: str
    files: tuple[File, ...] = ()
    before: str = ""
    fresh: bool = False
    session: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the turn."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a permission that was asked for; an empty option refuses."""

    ask: str
    option: str = ""


Order = TurnRequest | Cancel | Answer


def encode(order: Order) -> bytes:
    """The order as one line."""
    if isinstance(order, TurnRequest):
        files = [
            {"name": file.name, "mime": file.mime, "data": base64.b64encode(file.data).decode()} for file in order.files
        ]
        fields = {
            "agent": order.agent._asdict(),
            "directory": order.directory,
            "prompt": order.prompt,
            "files": files,
            "before": order.before,
            "fresh": order.fresh,
            "session": order.session,
        }
    else:
        fields = asdict(order)
    return json.dumps({"order": type(order).__name__, **fields}).encode() + b"\n"


def decode(line: bytes) -> Order:
    """The order of a line that ``encode`` made."""
    fields = json.loads(line)
    match fields.pop("order"):
        case "Cancel":
            return Cancel()
        case "Answer":
            return Answer(**fields)
    agent = fields.pop("agent")
    files = tuple(File(f["name"], f["mime"], base64.b64decode(f["data"])) for f in fields.pop("files"))
    return TurnRequest(AgentSettings(**{**agent, "command": tuple(agent["command"])}), files=files, **fields)
