"""The filter of a list of chats as conditions: what is asked of marks is looked up once, not for each chat."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, literal, or_, select, text, union_all

from chattui.domain.filter import ChatFilter
from chattui.store.storable import storable
from chattui.store.tables import ME, chats, marks

_ABOUT = chats.alias("about")
_EACH = func.unnest(_ABOUT.c.tags).table_valued("tag", name="each").render_derived()
_TAG = _EACH.c.tag
_IN_ISSUE = {part: chats.c.settings["issue"][part].astext for part in ("number", "title", "url")}
_ISSUE = func.concat_ws(text("' '"), literal("#") + _IN_ISSUE["number"], _IN_ISSUE["title"], _IN_ISSUE["url"])
_DESCRIBED = or_(_ABOUT.c.description.is_not(None), _ABOUT.c.tags != text("'{}'"))
"""The condition of the index chats_noted: few chats fulfil it."""


def conditions(wanted: ChatFilter) -> list[ColumnElement[bool]]:
    """What a row of ``chats`` must fulfil."""
    found = [_has_word(storable(word)) for word in wanted.words]
    found += [_has_tag(func.lower(_TAG) == func.lower(storable(tag))) for tag in wanted.tags]
    found += [_has_tag(func.starts_with(func.lower(_TAG), func.lower(start))) for start in wanted.tag_beginnings]
    if wanted.noted:
        described = _described(_ABOUT.c.description.is_not(None))
        found.append(chats.c.id.in_(union_all(described, _marked(marks.c.note.is_not(None)))))
    if wanted.bookmarked:
        found.append(chats.c.id.in_(_marked(marks.c.bookmarked_at.is_not(None))))
    return found


def _has_word(word: str) -> ColumnElement[bool]:
    about = func.concat_ws(text("' '"), _ABOUT.c.description, func.array_to_string(_ABOUT.c.tags, text("' '")))
    noted = union_all(
        _described(about.icontains(word, autoescape=True)), _marked(marks.c.note.icontains(word, autoescape=True))
    )
    return or_(
        chats.c.title.icontains(word, autoescape=True),
        chats.c.project.icontains(word, autoescape=True),
        chats.c.repository.icontains(word, autoescape=True),
        chats.c.git_branch.icontains(word, autoescape=True),
        _ISSUE.icontains(word, autoescape=True),
        chats.c.id.in_(noted),
    )


def _has_tag(is_it: ColumnElement[bool]) -> ColumnElement[bool]:
    return chats.c.id.in_(_described(exists(select(1).select_from(_EACH).where(is_it))))


def _described(condition: ColumnElement[bool]) -> Select[Any]:
    return select(_ABOUT.c.id).where(_ABOUT.c.owner == ME, _DESCRIBED, condition)


def _marked(condition: ColumnElement[bool]) -> Select[Any]:
    return select(marks.c.chat_id).where(marks.c.owner == ME, condition)
