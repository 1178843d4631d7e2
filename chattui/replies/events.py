"""What happens while a reply is written: events, and how they travel between two processes, one JSON object a line.

An agent's conversation fits too: what it says and thinks are ``Text`` and ``Thinking``, its tool calls are told when they
begin and again whenever their status changes, and a turn ends with one ``Ended`` or ``Failed``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

Why = Literal["stop", "length", "cut", "stopped"]
"""Why a reply ended: it is whole, the model's limit was reached, we cut it, the person stopped it."""


@dataclass(frozen=True, slots=True)
class Started:
    """The model has been asked; ``model`` is its name as the server or the library gives it."""

    model: str


@dataclass(frozen=True, slots=True)
class Text:
    """More of the reply."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """More of what the model thinks before or between."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool, as far as it is known: of one ``call_id`` the later event replaces what it has.

    ``arguments`` (as JSON, or as text) and ``output`` are what the call was given and gave; ``status`` is pending, running,
    completed, failed or cancelled; ``target`` is what it works on and ``title`` what it does, where the agent says that.
    """

    call_id: str
    name: str = ""
    arguments: str = ""
    status: str = "pending"
    output: str = ""
    target: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an agent means to do and how far it is, as text; the later plan replaces the one before."""

    text: str


@dataclass(frozen=True, slots=True)
class Odd:
    """Something that an agent sent and that is not understood, as it is, bounded."""

    text: str


@dataclass(frozen=True, slots=True)
class Permission:
    """An agent asks whether it may: ``options`` are what can be answered, each an id, a name, and a kind (allow_once,
    allow_always, reject_once, reject_always). ``ask`` is named by the answer."""

    ask: str
    title: str
    detail: str
    options: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """What it took; None where the server does not say. ``cost`` is in US dollars."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_cached: int | None = None
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that a person should know and that hinders nothing."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Session:
    """The session of the agent that a turn is held in: ``begun`` now, ``loaded`` from before the app was started, or neither,
    where it goes on; ``told``: it was told the conversation so far. ``kept``: the agent can take it up again later."""

    session: str
    begun: bool = False
    loaded: bool = False
    told: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Models:
    """What there is to choose from: names, those of the configured server first; ``default`` is asked when none is named."""

    names: tuple[str, ...]
    default: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """The reply is over."""

    why: Why = "stop"


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no reply, or not all of it. ``trace`` is for the log and holds nothing of the chat."""

    sentence: str
    trace: str = ""


Event = (
    Started | Session | Text | Thinking | ToolCall | Plan | Odd | Permission | Usage | Warned | Models | Ended | Failed
)

_KINDS: Final[dict[str, type[Event]]] = {
    kind.__name__: kind
    for kind in (
        Started,
        Session,
        Text,
        Thinking,
        ToolCall,
        Plan,
        Odd,
        Permission,
        Usage,
        Warned,
        Models,
        Ended,
        Failed,
    )
}


def encode(event: Event) -> bytes:
    """The event as one line. Lone surrogates travel as escapes."""
    return json.dumps({"event": type(event).__name__, **asdict(event)}).encode() + b"\n"


def decode(line: bytes) -> Event:
    """The event of a line. Raises ``ValueError`` for anything else."""
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = _KINDS[fields.pop("event")]
        if kind is Models:
            fields["names"] = tuple(fields["names"])
        if kind is Permission:
            fields["options"] = tuple((str(i), str(name), str(sort)) for i, name, sort in fields["options"])
        return kind(**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an event") from error
