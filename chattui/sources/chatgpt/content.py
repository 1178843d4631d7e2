"""What a node of ChatGPT holds: a dozen types of content as text, and the files that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chattui.domain.kinds import ContentType, Kind
from chattui.sources.content import as_it_is, first_line, text_of

_POINTER: Final = re.compile(r"file[-_][A-Za-z0-9]+")
_CITED: Final = re.compile("\ue200[^\ue200\ue201]{0,2000}\ue201")
_MARKS: Final = re.compile("[\ue200-\ue206]")
_TO_LOOK_FOR: Final = "\ue200\ue201\ue202\ue203\ue204\ue205\ue206【"
_REFERENCES: Final = 200
_FENCE: Final = re.compile(r"`{3,}")
_SPOKEN: Final = ("audio_transcription",)


@dataclass(frozen=True, slots=True)
class Content:
    """The text of a node, and what it is. ``tool`` is the name of the tool that is called."""

    kind: Kind
    text: str
    content_type: ContentType = ContentType.MARKDOWN
    tool: str = ""
    failed: bool = False
    is_instructions: bool = False  # what the person has told ChatGPT once for all
    is_voice: bool = False


def content_of(message: Mapping[str, Any]) -> Content:
    """The content of a message of any author. Nothing in it is of kind TOOL_RESULT: that is its author's doing."""
    content = message.get("content")
    if not isinstance(content, dict):
        return Content(Kind.TEXT, "")
    author = message.get("author")
    role = text_of(author.get("role")) if isinstance(author, dict) else ""
    recipient = text_of(message.get("recipient"))
    if role == "assistant" and recipient not in ("", "all"):
        text, _voice = _parts(content)
        return Content(Kind.TOOL_CALL, text_of(content.get("text")) or text, ContentType.CODE, recipient)
    match content.get("content_type", "text"):
        case "text" | "multimodal_text":
            text, voice = _parts(content)
            return Content(Kind.TEXT, _cited(text, message), is_voice=voice)
        case "code":
            text = text_of(content.get("text"))
            return Content(Kind.TEXT, _fenced(text, text_of(content.get("language"))) if role != "tool" else text)
        case "execution_output":
            return Content(Kind.TEXT, text_of(content.get("text")), ContentType.TEXT)
        case "thoughts":
            return Content(Kind.THINKING, _thoughts(content))
        case "reasoning_recap":
            return Content(Kind.THINKING, text_of(content.get("content")) or _parts(content)[0])
        case "user_editable_context":
            told = (text_of(content.get(name)).strip() for name in ("user_profile", "user_instructions"))
            return Content(Kind.EVENT, "\n\n".join(filter(None, told)), is_instructions=True)
        case "model_editable_context":
            return Content(Kind.EVENT, text_of(content.get("model_set_context")))
        case "system_error":
            return Content(Kind.EVENT, _lines(content, "name", "text"), ContentType.TEXT, failed=True)
        case "tether_quote" | "sonic_webpage":
            return Content(Kind.TEXT, _lines(content, "title", "url", "snippet", "text"))
        case "tether_browsing_display":
            return Content(Kind.TEXT, _lines(content, "summary", "result"))
        case "computer_output" | "citable_code_output" | "app_pairing_content" as kind:
            text = _lines(content, "text", "output_str", "content") or _parts(content)[0]
            return Content(Kind.TEXT, text or as_it_is(kind, content), ContentType.TEXT)
        case kind:
            return Content(Kind.EVENT, as_it_is(kind, content), ContentType.TEXT)


def _parts(content: Mapping[str, Any]) -> tuple[str, bool]:
    """The text of all parts, and whether some of it was spoken."""
    texts, spoken = [], False
    parts = content.get("parts")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            kind = text_of(part.get("content_type"))
            spoken = spoken or kind in _SPOKEN or "audio" in kind
            if "asset_pointer" not in kind:
                texts.append(text_of(part.get("text")) or ("" if kind in _SPOKEN else as_it_is(kind, part)))
    return "\n\n".join(text for text in texts if text.strip()), spoken


def _thoughts(content: Mapping[str, Any]) -> str:
    thoughts = content.get("thoughts")
    texts = []
    for thought in thoughts if isinstance(thoughts, list) else ():
        if isinstance(thought, dict):
            head = text_of(thought.get("summary")).strip()
            texts.append("\n\n".join(filter(None, (f"**{head}**" if head else "", text_of(thought.get("content"))))))
    return "\n\n".join(filter(None, texts)) or _parts(content)[0]


def _lines(content: Mapping[str, Any], *names: str) -> str:
    told = (text_of(content.get(name)).strip("\n") for name in names)
    return "\n".join(dict.fromkeys(filter(None, told)))


def _fenced(code: str, language: str) -> str:
    if not code.strip():
        return ""
    fence = "`" * max(3, 1 + max((len(found) for found in _FENCE.findall(code)), default=0))
    name = first_line(language, 20)
    return f"{fence}{'' if name == 'unknown' else name}\n{code}\n{fence}"


def _cited(text: str, message: Mapping[str, Any]) -> str:
    """Citations as the links that they stand for; the marks of others are left out."""
    if text.isascii() or not any(mark in text for mark in _TO_LOOK_FOR):
        return text
    about = message.get("metadata")
    references = about.get("content_references") if isinstance(about, dict) else None
    for reference in references[:_REFERENCES] if isinstance(references, list) else ():
        if isinstance(reference, dict):
            mark, link = text_of(reference.get("matched_text")), text_of(reference.get("alt"))
            if link and mark[:1] in ("\ue200", "【"):
                text = text.replace(mark, link)
    return _MARKS.sub("", _CITED.sub("", text))


def asset_ids(message: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Files that go with a message, each once: id, name and type where they are told."""
    about, content = message.get("metadata"), message.get("content")
    met: set[str] = set()
    uploads = about.get("attachments") if isinstance(about, dict) else None
    for upload in uploads if isinstance(uploads, list) else ():
        if isinstance(upload, dict):
            file_id = text_of(upload.get("id")) or text_of(upload.get("file_id"))
            if file_id and file_id not in met:
                met.add(file_id)
                mime = text_of(upload.get("mimeType")) or text_of(upload.get("mime_type"))
                yield file_id, text_of(upload.get("name")), mime[:100]
    parts = content.get("parts") if isinstance(content, dict) else None
    for part in parts if isinstance(parts, list) else ():
        for pointer in _pointers(part):
            known = _POINTER.search(pointer.rpartition("://")[2])
            file_id = known[0] if known else pointer
            if file_id not in met:
                met.add(file_id)
                yield file_id, "", ""


def _pointers(part: object) -> Iterator[str]:
    if not isinstance(part, dict):
        return
    if pointer := text_of(part.get("asset_pointer")):
        yield pointer
    for name in ("audio_asset_pointer", "video_container_asset_pointer"):
        inner = part.get(name)
        if pointer := text_of(inner.get("asset_pointer")) if isinstance(inner, dict) else text_of(inner):
            yield pointer
    frames = part.get("frames_asset_pointers")
    for frame in frames if isinstance(frames, list) else ():
        if pointer := text_of(frame.get("asset_pointer")) if isinstance(frame, dict) else "":
            yield pointer
