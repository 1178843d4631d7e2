"""One chat of Open WebUI (FORMATS §16): a tree of messages, with thoughts and tool calls inside their text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any, Final

import orjson

from chattui.domain.history import ChatInfo, NewAttachment, NewMessage, NewToolUse
from chattui.domain.kinds import ContentType, Kind, Role, ToolStatus
from chattui.sources.containers import id_of
from chattui.sources.content import (
    ERROR_LENGTH,
    TITLE_LENGTH,
    count_of,
    data_url,
    first_line,
    moment_of,
    readable_input,
    target_of,
    text_of,
)
from chattui.sources.mimes import mime_of
from chattui.sources.open_webui.output import items_of, said_in
from chattui.sources.trees import ancestors, in_order

NAME: Final = "open-webui"
_DETAILS: Final = re.compile(r'<details type="(reasoning|tool_calls|code_interpreter)"')
_ENDED: Final = "</details>"
_ATTRIBUTE: Final = re.compile(r'\b(id|name|arguments|result|done|output)="([^"]*)"')
_SUMMARY: Final = re.compile(r"\s*<summary>[^<]{0,500}</summary>\s*")
_QUOTE: Final = re.compile(r"^(?:&gt;|>) ?", re.MULTILINE)
_THINK: Final = re.compile(r"\A\s*<think(?:ing)?>(.*?)</think(?:ing)?>\s*", re.DOTALL)
_TAGS: Final = 20
_MILLISECONDS: Final = 100_000_000_000
"""A time of more seconds than that, beyond the year 5000, is one of milliseconds."""

Piece = tuple[str, str, dict[str, str]]
"""What a part of an answer is, its text, and the attributes that say more of it."""


class Chat:
    """``info`` and ``messages`` of one record, which may be wrapped in what the server knows of it."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self._chat = inner(record)
        history = self._chat.get("history")
        said = history.get("messages") if isinstance(history, dict) else None
        self._said = {name: m for name, m in said.items() if isinstance(m, dict)} if isinstance(said, dict) else {}
        self._parents = {name: _link(message.get("parentId")) for name, message in self._said.items()}
        listed = {name: _links(message.get("childrenIds")) for name, message in self._said.items()}
        current = _link(history.get("currentId")) if isinstance(history, dict) else None
        if current not in self._parents:
            current = next(reversed(self._said), None)
        self._active = ancestors(self._parents, current)
        self._order = list(in_order(self._parents, listed, self._active))

    def info(self) -> ChatInfo:
        """What is known of it as a whole."""
        record, chat = self._record, self._chat
        title, origin = first_line(text_of(record.get("title")) or text_of(chat.get("title")), TITLE_LENGTH), "custom"
        if not title:
            prompts = (text_of(self._said[name].get("content")) for name in self._order if self._is_prompt(name))
            title, origin = next((line for text in prompts if (line := first_line(text, TITLE_LENGTH))), ""), "prompt"
        models = chat.get("models")
        created = record.get("created_at") if record.get("created_at") is not None else chat.get("timestamp")
        return ChatInfo(
            NAME,
            chat_id_of(record),
            title=title,
            agent=NAME,
            model=next((text_of(one)[:TITLE_LENGTH] for one in models), "") if isinstance(models, list) else "",
            created_at=moment_in(created),
            archived=record.get("archived") is True,
            pinned=record.get("pinned") is True,
            tags=_tags(record, chat),
            metadata={"title_from": origin} if title else {},
        )

    def _is_prompt(self, name: str) -> bool:
        return name in self._active and self._said[name].get("role") == "user"

    def messages(self) -> Iterator[NewMessage]:
        """What was said, each message after the one that it answers; the active branch last wherever it parts."""
        system = self._chat.get("system")
        params = self._chat.get("params")
        told = text_of(system) or (text_of(params.get("system")) if isinstance(params, dict) else "")
        if told.strip():
            yield NewMessage(Role.SYSTEM, Kind.EVENT, told, "system")
        ends: dict[str, str | None] = {}
        for name in self._order:
            parent = self._parents[name]
            end = ends.get(parent) if parent is not None else None
            answered = None
            message = self._said[name]
            for made in self._message(name, message):
                yield replace(made, parent_id=end)
                end = made.source_id
                answered = answered or end
            ends[name] = (answered if message.get("role") == "user" else end) or end

    def _message(self, name: str, message: Mapping[str, Any]) -> Iterator[NewMessage]:
        at = moment_in(message.get("timestamp"))
        text = _text(message.get("content"))
        match message.get("role"):
            case "user":
                if text.strip():
                    yield NewMessage(Role.USER, Kind.TEXT, text, name, at)
                yield from _files(Role.USER, name, message, at)
            case "assistant":
                model = text_of(message.get("model"))[:TITLE_LENGTH] or None
                made = [*_answer(name, message, text, at), *_files(Role.ASSISTANT, name, message, at)]
                tokens = _tokens(message.get("usage"))
                for n, one in enumerate(made):
                    if one.role is Role.ASSISTANT:
                        one = replace(one, reply_id=name, model=model, **(tokens if n == 0 else {}))  # noqa: PLW2901
                    yield one
            case _:
                if text.strip():
                    yield NewMessage(Role.SYSTEM, Kind.EVENT, text, name, at)


def inner(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The chat itself, which stands alone or in what the server knows of it."""
    chat = record.get("chat")
    return chat if isinstance(chat, dict) else record


def chat_id_of(record: Mapping[str, Any]) -> str:
    """Its own id, or where it has none that of its first message; "" for what is no chat."""
    history = inner(record).get("history")
    said = history.get("messages") if isinstance(history, dict) else None
    if not isinstance(said, dict):
        return ""
    return id_of(record.get("id")) or id_of(inner(record).get("id")) or id_of(next(iter(said), ""))


def _text(content: object) -> str:
    """Text as it is, or in blocks as an API has it."""
    if not isinstance(content, list):
        return text_of(content)
    texts = (text_of(block.get("text")) for block in content if isinstance(block, dict))
    return "\n\n".join(filter(None, texts))


def _answer(name: str, message: Mapping[str, Any], text: str, at: datetime | None) -> Iterator[NewMessage]:
    items = items_of(message)
    made = list(said_in(items, name, at))
    yield from made
    if any(one.kind is Kind.TEXT for one in made):
        text = ""  # it repeats them
    for n, (kind, words, about) in enumerate(_pieces(text), len(items) + 1):
        if made and kind != "text":
            continue
        place = name if n == 1 else f"{name}:{n}"
        match kind:
            case "text":
                yield NewMessage(Role.ASSISTANT, Kind.TEXT, words, place, at)
            case "reasoning":
                yield NewMessage(Role.ASSISTANT, Kind.THINKING, words, place, at)
            case _:
                yield from _call(kind, words, about, place, at)
    error = message.get("error")
    if isinstance(error, dict) and (told := text_of(error.get("content")) or text_of(error.get("message"))):
        yield NewMessage(Role.SYSTEM, Kind.EVENT, told, f"{name}:error", at, ContentType.TEXT, error=True)


def _pieces(text: str) -> Iterator[Piece]:
    """An answer taken apart: thoughts, calls and code that was run stand in ``<details>`` in its text."""
    if thought := _THINK.match(text):
        if thought[1].strip():
            yield "reasoning", thought[1].strip(), {}
        text = text[thought.end() :]
    at = 0
    while found := _DETAILS.search(text, at):
        head = text.find(">", found.end())
        end = text.find(_ENDED, head)
        if head < 0 or end < 0:
            break
        if before := text[at : found.start()].strip():
            yield "text", before, {}
        at = end + len(_ENDED)
        about = {key: unescape(value) for key, value in _ATTRIBUTE.findall(text[found.end() : head])}
        body = _SUMMARY.sub("", text[head + 1 : end], count=1).strip()
        if found[1] == "reasoning":
            if body:
                yield "reasoning", unescape(_QUOTE.sub("", body)), about
        else:
            yield found[1], body, about
    if rest := text[at:].strip():
        yield "text", rest, {}


def _call(kind: str, body: str, about: Mapping[str, str], place: str, at: datetime | None) -> Iterator[NewMessage]:
    """A call of a tool, or code that was run, and what came of it."""
    call_id = f"{place}/{about.get('id', '')}".rstrip("/")
    if kind == "code_interpreter":
        name, value, result = kind, body, _value(about.get("output", ""))
        text, content_type = body, ContentType.MARKDOWN
    else:
        name, value = about.get("name", "")[:TITLE_LENGTH], _value(about.get("arguments", ""))
        result = _value(about.get("result", ""))
        text, content_type = readable_input(value)
    is_done = about.get("done") == "true"
    status = ToolStatus.COMPLETED if is_done else ToolStatus.PENDING
    use = NewToolUse(call_id, name, target_of(value), status)
    yield NewMessage(Role.ASSISTANT, Kind.TOOL_CALL, text, place, at, content_type, tool=use)
    told, kind_of_result = readable_input(result)
    if told.strip():
        failed = isinstance(result, dict) and bool(result.get("error") or result.get("stderr"))
        words = first_line(told, ERROR_LENGTH) if failed else None
        ended = NewToolUse(call_id, "", "", ToolStatus.FAILED if failed else ToolStatus.COMPLETED, None, words)
        yield NewMessage(
            Role.TOOL, Kind.TOOL_RESULT, told, f"{place}:result", at, kind_of_result, error=failed, tool=ended
        )


def _value(text: str) -> Any:
    """JSON that may be JSON in a string once more; text that is none as it is."""
    value: Any = text
    for _ in range(2):
        if not isinstance(value, str) or not value:
            return value
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def _files(role: Role, name: str, message: Mapping[str, Any], at: datetime | None) -> Iterator[NewMessage]:
    files = message.get("files")
    for n, file in enumerate(files if isinstance(files, list) else (), 1):
        if not isinstance(file, dict):
            continue
        url, title = text_of(file.get("url")), first_line(text_of(file.get("name")), TITLE_LENGTH)
        cut: tuple[NewAttachment, ...] = ()
        if file.get("type") == "image" and url:
            words, cut = data_url(url)
        else:
            words = _document(file, title)
        place = f"{name}:file {n}"
        yield NewMessage(role, Kind.ATTACHMENT, words, place, at, ContentType.TEXT, attachments=cut)


def _document(file: Mapping[str, Any], title: str) -> str:
    """A document as the export tells of it: its text, where that was taken out of it, or its name."""
    inside = file.get("file")
    data = inside.get("data") if isinstance(inside, dict) else None
    text = text_of(data.get("content")) if isinstance(data, dict) else ""
    if text.strip():
        return f"{title}\n\n{text}".strip()
    return f"{title}\n[{mime_of(title)}]" if title else "[file]"


def _tokens(usage: object) -> dict[str, Any]:
    if not isinstance(usage, dict):
        return {}
    asked = (count_of(usage.get(name)) for name in ("prompt_tokens", "input_tokens", "prompt_eval_count"))
    told = (count_of(usage.get(name)) for name in ("completion_tokens", "output_tokens", "eval_count"))
    tokens = {"tokens_in": next(filter(None, asked), 0), "tokens_out": next(filter(None, told), 0)}
    return tokens if any(tokens.values()) else {}


def _tags(record: Mapping[str, Any], chat: Mapping[str, Any]) -> tuple[str, ...]:
    about = record.get("meta")
    found = about.get("tags") if isinstance(about, dict) else None
    tags = found or chat.get("tags")
    named = (first_line(text_of(tag), 50) for tag in tags) if isinstance(tags, list) else ()
    return tuple(dict.fromkeys(filter(None, named)))[:_TAGS]


def moment_in(stamp: object) -> datetime | None:
    """A time in seconds or milliseconds since the epoch."""
    if isinstance(stamp, bool) or not isinstance(stamp, (int, float)):
        return None
    return moment_of(stamp if stamp > _MILLISECONDS else stamp * 1000)


def _link(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _links(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
