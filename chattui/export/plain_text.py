"""A chat as plain text: every control character visible, and no line of a message can be taken for a heading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chattui.domain.kinds import Kind
from chattui.domain.portable import PortableChat, PortableMessage
from chattui.domain.visible import visible
from chattui.export.words import attachment_line, facts_of, label_of, speaker_of, title_of, when_of

_INDENT = "    "


class PlainText:
    """Text for mail and for terminals. Headings begin in the first column, what was said is indented."""

    name = "text"
    suffix = ".txt"
    label = "Plain text"
    needs_data = False

    def pieces(self, chat: PortableChat, messages: Iterable[PortableMessage]) -> Iterator[str]:
        """Title and facts, then each message under its number."""
        yield f"{title_of(chat.chat)}\n{' · '.join(facts_of(chat.chat))}\n"
        for portable in messages:
            message = portable.message
            what = speaker_of(message) if message.kind is Kind.TEXT else label_of(message)
            yield f"\n[{message.seq}] {what} · {when_of(message)}\n\n"
            for line in visible(message.content).rstrip().split("\n"):
                yield f"{_INDENT}{line}".rstrip() + "\n"
            for attachment in portable.attachments:
                yield f"{_INDENT}* {attachment_line(attachment)}\n"
