"""A chat as one HTML file that needs nothing else and obeys nobody: no script, no address is fetched, all text escaped."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape

from chattui.domain.chat import Message
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.domain.portable import PortableAttachment, PortableChat, PortableMessage
from chattui.domain.visible import visible
from chattui.export.html_markdown import code_html, markdown_html
from chattui.export.html_style import policy, style
from chattui.export.words import attachment_line, begins_turn, facts_of, label_of, speaker_of, title_of, when_of

_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_LARGEST_PICTURE = 8 << 20
"""Bytes of a picture above which it is only named."""


class HtmlPage:
    """A page for browsers, light or dark as they are set."""

    name = "html"
    suffix = ".html"
    label = "HTML, one file for any browser"
    needs_data = True

    def pieces(self, chat: PortableChat, messages: Iterable[PortableMessage]) -> Iterator[str]:
        """The head, then a section for each turn."""
        title = escape(title_of(chat.chat))
        yield (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy()}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{title}</title>\n<style>{style()}</style>\n</head>\n<body>\n"
            f'<header><h1 dir="auto">{title}</h1>\n<p class="facts">{_facts(chat)}</p></header>\n<main>\n'
        )
        speaker: str | None = None
        for portable in messages:
            message = portable.message
            if begins_turn(portable, speaker):
                yield "</section>\n" if speaker is not None else ""
                speaker = speaker_of(message)
                side = "you" if message.role is Role.USER else "other"
                yield f'<section class="{side}">\n<h2>{escape(speaker)} {_time(message)}</h2>\n'
            yield from _message(portable)
        yield ("</section>\n" if speaker is not None else "") + "</main>\n</body>\n</html>\n"


def _facts(chat: PortableChat) -> str:
    return " · ".join(escape(fact) for fact in facts_of(chat.chat))


def _time(message: Message) -> str:
    return f'<time datetime="{message.created_at.isoformat()}">{when_of(message)}</time>'


def _message(portable: PortableMessage) -> Iterator[str]:
    message = portable.message
    failed = " failed" if message.error else ""
    if message.kind is Kind.TEXT:
        yield f'<article id="m{message.seq}" class="text{failed}" dir="auto">{_body(message)}</article>\n'
    else:
        yield (
            f'<details id="m{message.seq}" class="{message.kind.value}{failed}">'
            f"<summary>{escape(label_of(message))}</summary>{_body(message)}</details>\n"
        )
    for attachment in portable.attachments:
        yield _attachment(attachment)


def _body(message: Message) -> str:
    """Markdown where it is talk or thinking; otherwise the text as it is, code and JSON with colours."""
    text = visible(message.content).rstrip()
    is_prose = message.kind in (Kind.TEXT, Kind.THINKING, Kind.SUMMARY)
    match message.content_type:
        case ContentType.MARKDOWN if is_prose:
            return markdown_html(text)
        case ContentType.JSON:
            return code_html(text, "json")
        case ContentType.CODE if message.kind is Kind.TOOL_CALL:
            return code_html(text, "bash")
    return f"<pre>{escape(text)}</pre>"


def _attachment(attachment: PortableAttachment) -> str:
    words = escape(attachment_line(attachment))
    mime, data = attachment.mime.lower(), attachment.data
    if not data or mime not in _PICTURES or len(data) > _LARGEST_PICTURE:
        return f'<p class="attachment">{words}</p>\n'
    encoded = b64encode(data).decode()
    return f'<figure><img src="data:{mime};base64,{encoded}" alt="{words}"><figcaption>{words}</figcaption></figure>\n'
