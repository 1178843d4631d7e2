"""Searching: from the first key to the hit, and back to where one was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chattui.domain.search import Cursor, Hit
from chattui.tui import messages as told
from chattui.tui.results.hit_list import HitList

if TYPE_CHECKING:
    from chattui.tui.data.session import Session


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a search began: the chat that was open (None: a new one) and the line at the top of the pane."""

    chat_id: int | None
    seq: int
    line: int
    at_end: bool


class Searching:
    """The state of one search. ``tell`` shows a sentence about it."""

    def __init__(self, hits: HitList, session: Session, tell: Callable[[str], None]) -> None:
        self._hits = hits
        self._session = session
        self._tell = tell
        self.text = ""
        self.origin: Origin | None = None
        self.opened_hit = False
        self._latest = 0
        self._more: Cursor | None = None
        self._seen: set[tuple[int, int, bool]] = set()
        self._asked_more = False

    @property
    def active(self) -> bool:
        """Whether something is searched for."""
        return bool(self.text)

    def begin(self, chat_id: int | None, seq: int, line: int, *, at_end: bool) -> None:
        """Remember where to come back to."""
        self.origin = Origin(chat_id, seq, line, at_end)

    def type(self, text: str) -> None:
        """The text in the bar has changed."""
        self.text = text if text.strip() else ""
        self.opened_hit = False
        self._asked_more = False
        if not self.text:
            self._session.flight.forget()
            self._hits.set_hits((), more=False)
            return
        self._latest = self._session.flight.request(text)

    def more(self) -> None:
        """Look for the hits behind those shown."""
        if self._more is not None and not self._asked_more and self.text:
            self._asked_more = True
            self._latest = self._session.flight.request(self.text, self._more)

    def awaits(self, event: told.SearchAnswered) -> bool:
        """Whether it is the answer to what is searched for now."""
        return event.generation == self._latest and self.active

    def answered(self, event: told.SearchAnswered) -> None:
        """Show hits."""
        page = event.page
        # while a patient look is under way its page will replace this one: nothing goes on behind it yet
        self._more, self._asked_more = (page.more if event.final else None), False
        if event.appended:
            new = self._unseen(page.hits)
            self._hits.append_hits(new, more=self._more is not None)
        else:
            self._seen.clear()
            note = "" if event.final else "Still looking …"
            if not page.hits and event.final:
                note = (
                    f"Nothing found. Did you mean {', '.join(event.similar[:3])}?"
                    if event.similar
                    else "Nothing found."
                )
            self._hits.set_hits(self._unseen(page.hits), more=self._more is not None, note=note)
        self._tell(self._summary(event))

    def end(self) -> None:
        """The search is over."""
        self.text, self.origin, self.opened_hit, self._more = "", None, False, None
        self._session.flight.forget()
        self._hits.set_hits((), more=False)

    def _unseen(self, hits: tuple[Hit, ...]) -> list[Hit]:
        """A page that follows a cut one may repeat hits of the tier after it."""
        new = [h for h in hits if (h.chat_id, h.seq, h.is_note) not in self._seen]
        self._seen.update((h.chat_id, h.seq, h.is_note) for h in new)
        return new

    @staticmethod
    def _summary(event: told.SearchAnswered) -> str:
        page = event.page
        if not page.hits and not event.appended:
            return "No hits" if event.final else "Still looking …"
        count = f"{page.about:,}" if page.exact else f"about {page.about:,}"
        waiting = "" if event.final else " · still looking …"
        return f"{count} message{'' if page.about == 1 else 's'}{waiting} · Enter opens at the match · Esc goes back"
