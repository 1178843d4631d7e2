"""Searching: from the first key to the hit, and back to where one was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from chattui.domain.ranking import Ranking
from chattui.domain.search import Cursor, FoundBy, Hit, counted
from chattui.tui import messages as told
from chattui.tui.data.flight import PAGE
from chattui.tui.habits import HABITS
from chattui.tui.results.search_hits import Key, SearchHits, key_of

if TYPE_CHECKING:
    from chattui.tui.data.session import Session

RANKED = 100
"""The newest hits among which the best are chosen."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a search began: the tab, the chat that was open (None: a new one) and the line at the top of the pane."""

    tab: int
    chat_id: int | None
    seq: int
    line: int
    at_end: bool


_ALL_WORDS = "A message has to hold all the words: leave one out, or put OR between them."
_NARROWED = "Fewer words find more, and so do fewer conditions, as project: or last:."


class Searching:
    """The state of one search. ``tell`` shows a sentence about it."""

    def __init__(
        self, hits: SearchHits, session: Session, tell: Callable[[str], None], now: Callable[[], datetime]
    ) -> None:
        self._hits = hits
        self._session = session
        self._tell = tell
        self._now = now
        self.text = ""
        self.best_first = False
        self.by_meaning = False  # whatever is typed
        self.summary = ""  # what is said of the hits
        self.similar: list[str] = []  # what may have been meant, when nothing was found
        self.origin: Origin | None = None
        self.opened_hit = False
        self._latest = 0
        self._shown: str | None = None  # what the hits are of that are shown
        self._switched = False  # the same text is asked in another way
        self._near: set[Key] = set()  # those by meaning alone, as far as is known
        self._more: Cursor | None = None
        self._seen: set[Key] = set()
        self._asked_more = False

    @property
    def active(self) -> bool:
        """Whether something is searched for."""
        return bool(self.text)

    def begin(self, tab: int, chat_id: int | None, seq: int, line: int, *, at_end: bool) -> None:
        """Remember where to come back to."""
        self.origin = Origin(tab, chat_id, seq, line, at_end)

    def type(self, text: str) -> None:
        """The text in the bar has changed."""
        self.text = text if text.strip() else ""
        self.opened_hit = False
        self._asked_more = False
        self.similar, self.summary = [], ""
        self._hits.unselect()
        if not self.text:
            self._session.flight.forget()
            self._hits.set_hits((), more=False)
            return
        self._shown, self._switched = None, False
        self._ask()

    def _ask(self) -> None:
        self._latest = self._session.flight.request(self.text, limit=self._limit, by_meaning=self.by_meaning)

    def ask_for_meaning(self, wanted: bool) -> None:
        """Ask also by meaning, whatever is typed, or no longer."""
        if wanted != self.by_meaning:
            self.by_meaning = wanted
            self._switched = True
            if self.text:
                self._ask()

    def order(self, *, best_first: bool) -> None:
        """The best of the newest hits first, or the newest."""
        if best_first != self.best_first:
            self.best_first = best_first
            self._shown, self._switched = None, False
            if self.text:
                self._ask()

    @property
    def _limit(self) -> int:
        return RANKED if self.best_first else PAGE

    def more(self) -> None:
        """Look for the hits behind those shown."""
        if self._more is not None and not self._asked_more and self.text:
            self._asked_more = True
            self._latest = self._session.flight.request(self.text, self._more, self._limit)

    def awaits(self, event: told.SearchAnswered) -> bool:
        """Whether it is the answer to what is searched for now."""
        return event.generation == self._latest and self.active

    def answered(self, event: told.SearchAnswered) -> None:
        """Show hits."""
        page = event.page
        ranking = Ranking(event.text, self._now())
        self._hits.worth = ranking.worth
        # while a patient look is under way its page will replace this one: nothing goes on behind it yet
        self._more, self._asked_more = (page.more if event.final else None), False
        self._hits.by_hand = bool(page.problems)  # an expression that takes too long would keep the server busy
        if event.appended and self._hits.hits:
            self._near -= set(map(key_of, page.hits))  # by their words too
            new = self._unseen(page.hits)
            new = ranking.sort(new) if self.best_first else new
            self._hits.append_hits(new, more=self._more is not None, looking=not event.final)
        else:
            if not event.appended:
                self._seen.clear()
            self.similar = event.similar
            hits = self._unseen(page.hits)
            self._near = {key_of(hit) for hit in hits if hit.found_by is FoundBy.MEANING}
            if page.fused:  # reciprocal rank is their order, also within a chat
                ranks = {key_of(hit): -rank for rank, hit in enumerate(hits)}
                self._hits.worth = lambda hit: ranks.get(key_of(hit), ranking.worth(hit) - len(ranks))
            elif self.best_first:
                hits = ranking.sort(hits)
            more, looking = self._more is not None, not event.final
            if self._shown == event.text and (page.fused or self._switched):  # perhaps gone through already
                self._hits.replace_hits(hits, more=more, note=self._note(event), looking=looking)
            else:
                self._hits.set_hits(hits, more=more, note=self._note(event), looking=looking)
            self._shown = event.text
        self.summary = self._summary(event)
        if not self._hits.selected:
            self._tell(self.summary)

    def end(self) -> None:
        """The search is over."""
        self.text, self.origin, self.opened_hit, self._more, self.similar = "", None, False, None, []
        self.summary = ""
        self._hits.unselect()
        self._session.flight.forget()
        self._hits.set_hits((), more=False)

    def _unseen(self, hits: tuple[Hit, ...]) -> list[Hit]:
        """A page that follows a cut one may repeat hits of the tier after it."""
        new = [h for h in hits if key_of(h) not in self._seen]
        self._seen.update(map(key_of, new))
        return new

    def _note(self, event: told.SearchAnswered) -> str:
        page = event.page
        if page.hits:
            return "" if event.final or page.complete else "Still looking …"
        if page.more is not None:
            on = "↓ looks on." if self._hits.by_hand and event.final else "Still looking …"
            return f"Nothing found so far, back to {self._day(page.more)}. {on}"
        if not event.final:
            return "Still looking …"
        if page.problems:
            return f"Nothing found. {page.problems[0]}"
        if not event.similar:
            return f"Nothing found. {_NARROWED if ':' in event.text else _ALL_WORDS} Esc goes back."
        meant, *others = event.similar
        also = f" Or: {', '.join(others)}" if others else ""
        return f"Nothing found. Did you mean {meant}? Tab or Enter looks for it.{also}"

    def _day(self, place: Cursor) -> str:
        """How far back it was looked, as a date."""
        when = place.created_at.astimezone(self._now().tzinfo)
        return HABITS.full_day(when, long=True)

    def _summary(self, event: told.SearchAnswered) -> str:
        page = event.page
        if not self._hits.hits:
            return "No hits" if event.final and page.more is None else "Still looking …"
        near = len(self._near)
        said = len(counted(self._hits.hits))
        known = said - near if self._more is None and event.final else 0  # all of them are here
        number = known or page.about
        count = f"{number:,}" if page.exact or known else f"about {number:,}"
        count = f"{count} message{'' if number == 1 else 's'}"
        if names := len(self._hits.hits) - said:
            count = f"{count}, {names} name{'' if names == 1 else 's'}"
        waiting = "" if event.final else " · still looking …"
        if page.more is not None and not page.complete:
            waiting = f" · older results … (back to {self._day(page.more)})"
        order = f" by words, {near} by meaning" if near else ""
        if self.best_first and not near:
            order = f" · best of the newest {RANKED}" if page.more is not None or event.appended else " · best first"
        keys = "Enter opens at the match · Esc goes back"
        return f"{count}{order}{waiting} · {keys}"
