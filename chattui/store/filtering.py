"""The filter of a list of chats as conditions: what is asked of marks is looked up once, not for each chat."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from chattui.domain.filter import ChatFilter
from chattui.store.storable import storable
from chattui.store.tables import ME, chats, marks


def conditions(wanted: ChatFilter) -> list[ColumnElement[bool]]:
    """What a row of ``chats`` must fulfil."""
    found = [_has_word(storable(word)) for word in wanted.words]
    for tag in wanted.tags:
        found.append(_has_tag(lambda each, tag=tag: func.lower(each) == func.lower(storable(tag))))
    for beginning in wanted.tag_beginnings:
        found.append(_has_tag(lambda each, start=beginning: func.starts_with(func.lower(each), start.lower())))
    if wanted.noted:
        found.append(or_(func.length(chats.c.description) > 0, chats.c.id.in_(_marked(marks.c.note.is_not(None)))))
    if wanted.bookmarked:
        found.append(chats.c.id.in_(_marked(marks.c.bookmarked_at.is_not(None))))
    return found


def _has_word(word: str) -> ColumnElement[bool]:
    tags = func.array_to_string(chats.c.tags, " ")
    return or_(
        chats.c.title.icontains(word, autoescape=True),
        chats.c.project.icontains(word, autoescape=True),
        chats.c.description.icontains(word, autoescape=True),
        and_(func.cardinality(chats.c.tags) > 0, tags.icontains(word, autoescape=True)),
        chats.c.id.in_(_marked(marks.c.note.icontains(word, autoescape=True))),
    )


def _has_tag(is_it: Any) -> ColumnElement[bool]:
    each = func.unnest(chats.c.tags).table_valued("tag", name="each").render_derived()
    matching = exists(select(1).select_from(each).where(is_it(each.c.tag)))
    return and_(func.cardinality(chats.c.tags) > 0, matching)


def _marked(condition: ColumnElement[bool]) -> Select[Any]:
    return select(marks.c.chat_id).where(marks.c.owner == ME, condition)
