"""A message that a person sends: it, its chat where that is a new one, and what the chat is then, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from chattui.domain.chat import Chat, Message
from chattui.domain.replies import File, ReplySettings
from chattui.store.chats import create_in
from chattui.store.database import Database
from chattui.store.messages import add_in
from chattui.store.replies import set_settings_in


def send(
    db: Database,
    chat_id: int | None,
    content: str,
    *,
    key: str,
    parent: int | None = None,
    files: Sequence[File] = (),
    chat_key: str = "",
    project: str | None = None,
    settings: ReplySettings | None = None,
) -> tuple[Chat, Message]:
    """Add a message at the end of a chat, None: of a new one, which is named by ``chat_key`` (else ``key``) and has
    ``settings``. Durable when this returns; repeating the call with the same keys adds nothing.

    Raises ``Conflict`` when the chat is gone or deleted.
    """

    def work(conn: Connection) -> tuple[Chat, Message]:
        target = chat_id
        if target is None:
            target = create_in(conn, project=project, key=chat_key or key).id
            if settings is not None:
                set_settings_in(conn, target, settings)
        return add_in(conn, target, content, key=key, parent=parent, files=files)

    return db.write(work, idempotent=True)
