"""The ``llm`` library as it is asked here: which model a name means, a conversation as it takes it, its events as ours.

Only for the process that speaks to models: importing the library takes most of a second.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import llm
from llm.default_plugins.openai_models import Chat
from llm.parts import AttachmentPart, Message, Part, TextPart

from chattui.config.models import ModelSettings, llm_directory
from chattui.domain.errors import ChattuiError
from chattui.replies.events import Ended, Event, Models, Started, Text, Thinking, ToolCall, Usage, Warned, Why
from chattui.replies.request import File, Request, Turn

_RETRIES = 1
_LISTING = 10.0
"""Seconds in which a server must say which models it has."""

_TYPES = {"image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf", "audio/wav", "audio/mpeg"}


class ServerModel(Chat):
    """A model of a server that speaks OpenAI's protocol, which never gets the key of OpenAI itself."""

    def __init__(self, name: str, url: str, key: str) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            name, model_name=name, api_base=url, vision=True, audio=True, reasoning=True, key=key or None
        )
        self.needs_key = "server" if key else None  # type: ignore[assignment]

    def get_client(self, key: str | None, *, async_: bool = False) -> Any:
        """The library's client, less patient: how long to wait is decided by whoever asks."""
        client = super().get_client(key, async_=async_)  # type: ignore[no-untyped-call]
        return client.with_options(max_retries=_RETRIES)


class Library:
    """Models by name. Keeps what a server said it has, for the life of the process."""

    def __init__(self) -> None:
        self._listed: dict[str, list[str]] = {}

    def names(self, settings: ModelSettings) -> Models:
        """Every model there is. Raises what a server that does not answer leads to."""
        served = self._served(settings, again=True) if settings.url else []
        known = [entry.model.model_id for entry in llm.get_models_with_aliases() if entry.model is not None]
        default = settings.default or (served[0] if served else str(llm.get_default_model()))  # type: ignore[no-untyped-call]
        return Models((*served, *(name for name in known if name not in served)), default)

    def reply(self, request: Request) -> Iterator[Event]:
        """The events of one reply. Raises what goes wrong; ``failures`` has sentences for that."""
        if sentence := exposed_key(request.settings):
            yield Warned(sentence)
        model = self._model(request.model or request.settings.default, request.settings)
        turns = [message_of(turn) for turn in request.turns]
        if request.system:
            turns.insert(0, Message(role="system", parts=[TextPart(text=request.system)]))
        yield Started(str(model.model_id))
        options = {**_known(model, request.settings.options), **request.options}
        response = model.prompt(messages=turns, system=request.system or None, options=options, stream=model.can_stream)
        said = False
        for event in response.stream_events():
            if told := _told(event):
                said = True
                yield told
        if not said and not (response.response_json or {}).get("finish_reason") and isinstance(model, ServerModel):
            raise ChattuiError(
                f"The server at {request.settings.url} sent no reply. Is the URL that of OpenAI's protocol?"
            )
        yield _usage(response)
        yield Ended(_why(response))

    def _model(self, name: str, settings: ModelSettings) -> Any:
        if not settings.url:
            return llm.get_model(name or None)
        served = self._served(settings) if not name or not _is_known(name) else self._served_or_none(settings)
        if not name:
            if not served:
                raise ChattuiError(
                    f"The server at {settings.url} says that it has no models. Load one there, or name one in models.default."
                )
            name = served[0]
        if name not in served and _is_known(name):
            return llm.get_model(name)
        return ServerModel(name, server_url(settings.url), key_of(settings))

    def _served_or_none(self, settings: ModelSettings) -> list[str]:
        try:
            return self._served(settings)
        except Exception:  # whatever it is, the model is another's
            return []

    def _served(self, settings: ModelSettings, *, again: bool = False) -> list[str]:
        if again or settings.url not in self._listed:
            client = ServerModel("", server_url(settings.url), key_of(settings)).get_client(None)
            found = client.with_options(timeout=_LISTING).models.list()
            self._listed[settings.url] = [str(each.id) for each in found]
        return self._listed[settings.url]


def server_url(url: str) -> str:
    """What a person writes of a server as its base: ``localhost:11434`` is ``http://localhost:11434/v1``."""
    whole = url if "://" in url else f"http://{url}"
    return whole.rstrip("/") + ("" if urlsplit(whole).path.strip("/") else "/v1")


def key_of(settings: ModelSettings) -> str:
    """The key for the server; empty without one. Raises ``ChattuiError`` where it is said to be and is not."""
    if settings.key_file:
        place = Path(settings.key_file).expanduser()
        try:
            return place.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ChattuiError(
                f"The key cannot be read from {place} (models.key_file): {type(error).__name__}."
            ) from error
    if settings.key_env:
        if settings.key_env not in os.environ:
            raise ChattuiError(f"The environment has no {settings.key_env}, which models.key_env names for the key.")
        return os.environ[settings.key_env].strip()
    return settings.key


def shown_key(settings: ModelSettings) -> str:
    """The key that an error may quote; empty without one."""
    try:
        return key_of(settings)
    except ChattuiError:
        return ""


def exposed_key(settings: ModelSettings) -> str:
    """A sentence where a key is in a file that others can read; empty otherwise."""
    files = [Path(settings.key_file).expanduser()] if settings.key_file else []
    if settings.key:
        files.append(Path(settings.origin))
    if not settings.url:
        files.append(llm_directory(os.environ) / "keys.json")
    for place in files:
        try:
            mode = place.stat().st_mode
        except OSError:
            continue
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            return f"Other people on this machine can read the key in {place}. chmod 600 {place} keeps it yours."
    return ""


def message_of(turn: Turn) -> Message:
    """A turn as the library takes it. Text files become part of the text: no model has to know their type."""
    parts: list[Part] = []
    texts: list[str] = []
    for file in turn.files:
        if (text := _text_of(file)) is not None:
            fence = "`" * max(3, 1 + max((len(run) for run in text.split() if set(run) == {"`"}), default=0))
            texts.append(f"{file.name}:\n{fence}\n{text}\n{fence}")
        else:
            parts.append(AttachmentPart(attachment=llm.Attachment(type=file.mime, content=file.data)))
    if turn.text:
        texts.append(turn.text)
    if texts:
        parts.insert(0, TextPart(text="\n\n".join(texts)))
    return Message(role=turn.role, parts=parts)


def _text_of(file: File) -> str | None:
    if file.mime in _TYPES:
        return None
    try:
        text = file.data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def _is_known(name: str) -> bool:
    try:
        llm.get_model(name)
    except llm.UnknownModelError:
        return False
    return True


def _known(model: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Of options for every model those that this one has."""
    return {name: value for name, value in options.items() if name in model.Options.model_fields}


def _told(event: Any) -> Event | None:
    match event.type:
        case "text":
            return Text(event.chunk) if event.chunk else None
        case "reasoning":
            return Thinking(event.chunk) if event.chunk else None
        case "tool_call_name":
            return ToolCall(event.tool_call_id or "", event.chunk)
        case _:
            return None


def _usage(response: Any) -> Usage:
    details = response.token_details or {}
    cached = (details.get("prompt_tokens_details") or {}).get("cached_tokens")
    cost = details.get("cost")
    return Usage(
        response.input_tokens, response.output_tokens, cached, float(cost) if isinstance(cost, int | float) else None
    )


def _why(response: Any) -> Why:
    reason = (response.response_json or {}).get("finish_reason")
    if isinstance(response.model, ServerModel) and not reason:
        raise ConnectionError("the stream ended without saying why")
    return "length" if reason == "length" else "stop"
