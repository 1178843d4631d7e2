"""What a person sets of a chat beside its title, tags and note. It stays when a later import knows something else.

In ``chats.settings``: ``issue`` (number, title, url), ``quiet``, and ``own``, the names of the facts that a person has set.
"""

from __future__ import annotations

from sqlalchemy import func, literal, update
from sqlalchemy.dialects.postgresql import JSONB

from chattui.domain.chat import Chat
from chattui.domain.details import PLACES, clean_fact, parse_issue
from chattui.store.chats import change
from chattui.store.database import Database
from chattui.store.storable import storable
from chattui.store.tables import chats


def set_fact(db: Database, chat_id: int, name: str, text: str) -> Chat:
    """Set ``project``, ``repository`` or ``git_branch``; an empty text takes it away. Raises ``ChattuiError``."""
    if name not in PLACES:
        raise ValueError(name)
    fact = storable(clean_fact(text))
    own = func.coalesce(chats.c.settings["own"], literal({}, JSONB)).op("||")(literal({name: True}, JSONB))
    settings = chats.c.settings.op("||")(func.jsonb_build_object("own", own))
    return change(db, chat_id, update(chats).values({name: fact or None, "settings": settings}))


def set_issue(db: Database, chat_id: int, text: str) -> Chat:
    """Set the issue that the chat works on, from ``#12 Title https://…``; an empty text takes it away."""
    issue = parse_issue(storable(clean_fact(text)))
    if issue is None:
        return change(db, chat_id, update(chats).values(settings=chats.c.settings.op("-")("issue")))
    kept = {"issue": {"number": issue.number, "title": issue.title, "url": issue.url}}
    return change(db, chat_id, update(chats).values(settings=chats.c.settings.op("||")(literal(kept, JSONB))))


def set_quiet(db: Database, chat_id: int, quiet: bool) -> Chat:
    """Let the chat notify nobody, or let it again."""
    kept = literal({"quiet": quiet}, JSONB)
    return change(db, chat_id, update(chats).values(settings=chats.c.settings.op("||")(kept)))
