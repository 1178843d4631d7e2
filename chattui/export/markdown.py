"""A chat as Markdown: a section for each turn, what the assistant thought and did folded, and nothing that runs over.

A message's own Markdown stays Markdown. What could run over the messages behind it is closed (a fence) or made text
(HTML that goes on until it is ended). Tool calls, output and thinking stand in fences longer than any inside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from chattui.domain.chat import Message
from chattui.domain.kinds import ContentType, Kind
from chattui.domain.markup import too_heavy
from chattui.domain.portable import PortableChat, PortableMessage
from chattui.domain.visible import visible, visible_line
from chattui.export.words import (
    ROLE_NAMES,
    attachment_line,
    begins_turn,
    facts_of,
    label_of,
    speaker_of,
    title_of,
    when_of,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_ENDLESS = re.compile(
    r"^([ \t>]*)<(?=[!?]|/?(?:script|pre|style|textarea|details|summary|xmp|iframe|plaintext)\b)", re.I
)
_FOLDING = re.compile(r"<(?=/?(?:details|summary)\b)", re.I)
_RUN = re.compile("`+")
_MARKS = re.compile(r"([\\`*_\[\]<>#|~!&])")


class Markdown:
    """Markdown for people and for other programs."""

    name = "markdown"
    suffix = ".md"
    label = "Markdown"
    needs_data = False

    def pieces(self, chat: PortableChat, messages: Iterable[PortableMessage]) -> Iterator[str]:
        """A heading with the facts, then the messages."""
        yield heading(chat, escaped=True)
        speaker: str | None = None
        for portable in messages:
            message = portable.message
            if begins_turn(portable, speaker):
                speaker = speaker_of(message)
                yield f"## {plain(speaker)} · {when_of(message)}\n\n"
            if message.kind is Kind.TEXT:
                text = self_contained(visible(message.content).rstrip())
                yield f"{text}\n\n" if text else ""
            else:
                yield f"<details><summary>{escape(label_of(message))}</summary>\n\n{fenced(message)}\n</details>\n\n"
            for attachment in portable.attachments:
                yield f"- {plain(attachment_line(attachment))}\n\n"


def heading(portable: PortableChat, *, escaped: bool = False) -> str:
    """Title and facts; ``escaped`` where marks in them must not be obeyed."""
    title, facts = title_of(portable.chat), " · ".join(facts_of(portable.chat))
    return f"# {plain(title)}\n\n{plain(facts)}\n\n" if escaped else f"# {title}\n\n{facts}\n\n"


def message_markdown(message: Message) -> str:
    """A message by itself, for a terminal: talk under a heading, everything else as a quoted line with its text fenced."""
    when = when_of(message)
    if message.kind is Kind.TEXT:
        return f"## {ROLE_NAMES[message.role]} · {when}\n\n{visible(message.content).rstrip()}\n"
    label = message.kind.value.replace("_", " ")
    if message.tool is not None and message.tool.name:
        label = f"{label} · {visible_line(message.tool.name)} · {message.tool.status.value}"
    if message.content_type is ContentType.MARKDOWN and message.kind is not Kind.TOOL_RESULT:
        quoted = "\n".join(f"> {line}".rstrip() for line in visible(message.content).rstrip().split("\n"))
        return f"> **{label}** · {when}\n>\n{quoted}\n"
    return f"> **{label}** · {when}\n\n{fenced(message)}"


def fenced(message: Message) -> str:
    """The text in a fence that is longer than any run of backticks in it."""
    text = visible(message.content).rstrip()
    return _in_fence(text, "json" if message.content_type is ContentType.JSON and _is_json(text) else "") + "\n"


def plain(text: str) -> str:
    """One line of text whose marks mean nothing."""
    return _MARKS.sub(r"\\\1", text)


def self_contained(text: str) -> str:
    """Markdown that cannot swallow what comes behind it: open fences are closed, HTML without an end is shown as text.

    Where that does not help, as in a fence that begins inside a list, the whole text stands in a fence.
    """
    if not any(mark in text for mark in ("```", "~~~", "<")):
        return text
    if too_heavy(text):
        return _in_fence(text, "")
    lines, fence = text.split("\n"), ""
    for number, line in enumerate(lines):
        found = _FENCE.match(line)
        if fence:
            if found and found[1][0] == fence[0] and len(found[1]) >= len(fence) and not found[2].strip():
                fence = ""
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence = found[1]
        elif "<" in line:
            lines[number] = _FOLDING.sub(r"\\<", _ENDLESS.sub(r"\1\\<", line))
    whole = "\n".join(lines)
    for candidate in (whole, f"{whole}\n{fence}") if fence else (whole,):
        if _ends(candidate):
            return candidate
    return _in_fence(text, "")


def _ends(text: str) -> bool:
    """Whether a heading behind the text is one."""
    tokens = _blocks().parse(f"{text}\n\n# end\n")
    return bool(tokens) and tokens[-1].type == "heading_close" and tokens[-1].level == 0


@cache
def _blocks() -> MarkdownIt:
    """CommonMark's blocks alone, as most programs read them: with HTML."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": 100})
    markdown.core.ruler.enableOnly(["normalize", "block"])
    return markdown


def _in_fence(text: str, language: str) -> str:
    fence = "`" * max(3, max(map(len, _RUN.findall(text)), default=0) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
