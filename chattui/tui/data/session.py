"""The app's side of the database: opens it, asks and changes, and answers with typed messages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.config import Settings
from chattui.domain.errors import Cancelled, ChattuiError, Refused, Unreachable
from chattui.tui import messages as told
from chattui.tui.data.ahead import Opened, ReadAhead, chat_id_of
from chattui.tui.data.changes import Changes
from chattui.tui.data.exports import Exports
from chattui.tui.data.flight import SearchFlight
from chattui.tui.data.launches import Launches
from chattui.tui.data.marks import MarkReader
from chattui.tui.data.options import Options
from chattui.tui.data.places import PlaceReader
from chattui.tui.data.searches import Searches
from chattui.tui.data.sources import Sources
from chattui.tui.data.state import StateReader
from chattui.tui.data.states import States
from chattui.tui.data.worker import Worker, unasked
from chattui.tui.outbox import Outbox

if TYPE_CHECKING:
    from chattui.domain.chat import ChatRow
    from chattui.store.database import Database
    from chattui.store.notifications import Listener
    from chattui.tui.data.find_flight import FindFlight
    from chattui.tui.data.replies import Replies

log = logging.getLogger("chattui.tui")

RECENTS_PAGE = 100
BEFORE, AFTER = 40, 60
_PATIENCE = 2.0
_RETRY_SECONDS = (0.5, 1, 2, 5, 10)


class Session:
    """Everything the screen asks of the data layer. Methods return at once; the answer is a message.

    Three threads: pages (what is to be seen next, and what is saved), searches, and helpers (what can wait); others for
    exports, find in chat and patient searches, once there is one.
    """

    def __init__(self, settings: Settings, post: Callable[[Message], None], ahead: ReadAhead | None = None) -> None:
        self._settings = settings
        self._ahead = ahead
        self._post = post
        self._pages = Worker("chattui-pages", self._failed)
        self._helpers = Worker("chattui-helpers", self._failed)
        self._searches = Worker("chattui-searches", self._failed)
        patience = partial(Worker, "chattui-patience", self._failed)
        self.flight = SearchFlight(self._searches, self._helpers, post, patience)
        self.exports = Exports(self._database, post, self._failed, masks=settings.mask_secrets)
        self.outbox = Outbox(settings.state_dir, settings.database_name)
        """What was sent while the database was away."""
        self.changes = Changes(self._pages, self._database, post, self.outbox)
        self._replies: Replies | None = None
        self.searches = Searches(self._helpers, self._database, post, self._failed)
        self.masks = settings.mask_secrets
        """Whether secrets are hidden until they are asked for."""
        self.launches = Launches(self._helpers, self._database, post, settings.state_dir)
        self.options = Options(self._helpers, post, settings)
        self.sources = Sources(self._helpers, self._database, post, settings)
        self.state = StateReader(self._helpers, self._database, post, settings)
        self.marks = MarkReader(self._pages, self._database, post)
        self.places = PlaceReader(self._pages, self._helpers, self._database, post)
        self.states = States(self._pages, self._helpers, self._database, post)
        """Snapshots of chats."""
        self._finds: FindFlight | None = None
        self._db: Database | None = None
        self._listener: Listener | None = None
        self._recents_wanted: object = None
        self._painted = threading.Event()
        self._closed = False
        self._later: threading.Timer | None = None

    # Opening and closing

    def open(self, chat: str | None = None, *, fresh: bool = False) -> None:
        """Open the database and read the first screen; ``chat`` names the one to show instead of the last, ``fresh`` is
        without how it was left."""
        self._pages.submit(lambda: self._open(chat, fresh))

    def close(self, state: dict[str, object] | None = None) -> None:
        """Save ``state``, end the threads and close the connections. Nothing happens when it is closed already."""
        if self._closed:
            return
        self._closed = True
        if self._later is not None:
            self._later.cancel()
        if state is not None and self._db is not None:
            self.save_state(state)
            self.places.leave_state(state)
        if self._listener is not None:
            self._listener.stop()
        self.flight.close()
        self.flight.meaning.close()
        if self._finds is not None:
            self._finds.close()
        self.searches.close()
        self.exports.close()
        if self._replies is not None:
            self._replies.close()
        for worker in (self._searches, self._helpers, self._pages):
            worker.stop()
        if self._db is not None:
            self._db.close()

    def rest(self) -> None:
        """Give back connections that nobody has used for a while; called now and then."""
        if (db := self._db) is not None:
            self._helpers.submit(db.rest)

    @property
    def finds(self) -> FindFlight:
        """Find in chat. It has a thread of its own, made when something is first looked for: a patient search of all chats
        may take long on the other one."""
        if self._finds is None:
            from chattui.tui.data.find_flight import FindFlight

            self._finds = FindFlight(Worker("chattui-finds", self._failed), self._helpers, self._database, self._post)
        return self._finds

    @property
    def replies(self) -> Replies:
        """Replies of models. Their thread and the process that asks are made when a reply is first wanted."""
        if self._replies is None:
            from chattui.tui.data.replies import Replies

            made = Replies(
                self._database,
                self._post,
                self._failed,
                self._settings.models,
                self.outbox,
                self.changes.try_later,
                self._settings.agents,
            )
            self._replies = made
        return self._replies

    def get_ready(self) -> None:
        """The database takes a while, as at the very first start: time to import what is needed then."""
        self._helpers.submit(_import_store)

    def painted(self) -> None:
        """The first screen is on the screen."""
        self._painted.set()

    def _open(self, reference: str | None, fresh: bool, failures: int = 0) -> None:
        try:
            self._connect(reference, fresh)
        except Unreachable as error:
            self._post(told.ConnectionChanged(False, str(error), failed=True))
            pause = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)]
            again = partial(self._open, reference, fresh, failures + 1)
            self._later = threading.Timer(pause, self._pages.submit, (again,))  # what is sent meanwhile does not wait
            self._later.daemon = True
            if not self._closed and not isinstance(error, Refused):
                self._later.start()
        except ChattuiError as error:
            log.info("cannot open the database", exc_info=True)
            self._post(told.ConnectionChanged(False, str(error), failed=True))

    def _connect(self, reference: str | None, fresh: bool) -> None:
        """Bring the first screen by the driver alone; the rest of the data layer is imported when it is painted."""
        ahead, self._ahead = self._ahead, None
        opened = ahead.wait(self._server_starting) if ahead is not None else None
        if opened is None:
            opened = self._read_first(chat_id_of(reference), fresh)
        self._post(told.FirstScreenRead(opened.first))
        self._post(told.ConnectionChanged(True))
        self._painted.wait(_PATIENCE)  # what is imported now would hold up that paint
        if ahead is not None:
            ahead.end()
        from chattui.store.database import Database
        from chattui.store.notifications import Listener

        self._db = self.flight.db = Database(opened.conninfo, limits=self._settings.pool)
        if reference and chat_id_of(reference) is None:
            self._open_reference(reference)
        self._listener = Listener(opened.conninfo, self._changed_elsewhere, self._connection_changed, self._revive)
        self._listener.start()
        self._post(told.StoreReady())
        self.changes.deliver()
        self._helpers.submit(self._rehearse)

    def _rehearse(self) -> None:
        """Ask once what opening a chat and the first key of a search will ask: SQLAlchemy compiles each statement when it
        is first used, and so does the server with its functions, which is some 20 and 50 ms."""
        from chattui.store import chats, messages, search, sending  # noqa: F401 - what sends is imported before it is needed

        db = self._database()
        chats.get(db, 0)
        messages.page(db, 0, 1, 1)
        self.places.left_at(0, 0)
        search.search(db, "e", limit=1, budget_ms=1)

    def _read_first(self, chat_id: int | None, fresh: bool) -> Opened:
        from chattui.server import open_database

        opened = open_database(self._settings, notify=self._server_starting)
        from chattui.store import startup
        from chattui.store.connection import connect

        with connect(opened.conninfo, autocommit=True) as conn:
            startup.prepare(conn)
            return Opened(opened.conninfo, startup.first_screen(conn, chat_id=chat_id, fresh=fresh))

    def _server_starting(self, sentence: str) -> None:
        self._post(told.ConnectionChanged(False, sentence))
        self._post(told.ServerStarting())

    def _open_reference(self, reference: str) -> None:
        from chattui.store import chats

        found = chats.find(self._database(), reference)
        if found is None:
            self._post(told.DataFailed("There is no chat of that id. The list on the left shows what there is."))
        else:
            self._read_chat(found.id, None, "")

    def _revive(self) -> None:
        """Called by the listener before it connects again: an embedded server may have to be started."""
        if not self._closed:
            from chattui.server import open_database

            open_database(self._settings)

    def _changed_elsewhere(self, chat_ids: frozenset[int] | None) -> None:
        self._post(told.ChatsChangedElsewhere(chat_ids))

    def _connection_changed(self, connected: bool) -> None:
        sentence = "" if connected else "The connection to the database was lost; trying again. What you write is kept."
        self._post(told.ConnectionChanged(connected, sentence))
        if connected:
            self.changes.deliver()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Cancelled) or self._closed:
            return
        if isinstance(error, ChattuiError):
            self._post(told.DataFailed(str(error)))
            return
        log.error("unexpected", exc_info=error)
        self._post(
            told.DataFailed(f"Something went wrong that should not ({type(error).__name__}). The log has the details.")
        )

    def _database(self) -> Database:
        if self._db is None:
            raise Unreachable("The database is not open yet. Try again in a moment.")
        return self._db

    # Reading

    def read_recents(self, needle: str = "", after: ChatRow | None = None, limit: int = RECENTS_PAGE) -> None:
        """The first ``limit`` recents, or those behind ``after``; of several requests for the first, one is answered."""
        token = object()
        if after is None:
            self._recents_wanted = token

        def job() -> None:
            if after is None and token is not self._recents_wanted:
                return
            from chattui.store import chats

            rows = chats.recents(self._database(), limit=limit + 1, after=after, needle=needle)
            self._post(told.RecentsRead(needle, rows[:limit], len(rows) > limit, after is not None))

        self._pages.submit(job)

    def read_chat(self, chat_id: int, at: int | None = None, query: str = "", *, resume: bool = True) -> None:
        """A chat, with the messages around ``at``; without it where the chat was left (``resume``), or its end."""
        self._pages.submit(lambda: self._read_chat(chat_id, at, query, resume=resume))

    def _read_chat(self, chat_id: int, at: int | None, query: str, *, resume: bool = True) -> None:
        from chattui.store import chats, messages

        db = self._database()
        chat = chats.get(db, chat_id)
        if chat is None:
            self._post(
                told.ChatMissing(chat_id, "This chat is not there any more. It may have been deleted elsewhere.")
            )
            return
        end, line = chat.message_count, None
        if at is None and resume:
            at, line = self.places.left_at(chat_id, end)
        seq = min(at, end) if at is not None else end
        first, last = max(1, seq - BEFORE), min(end, seq + AFTER)
        found = messages.page(db, chat_id, first, last) if end else []
        self._post(told.ChatRead(chat, found, at, query, line))
        self._helpers.submit(unasked(lambda: chats.touch(db, chat_id)))

    def read_messages(self, chat_id: int, first: int, last: int) -> None:
        """Messages that a feed wants. A failure is answered with none, so that they can be asked for again."""

        def job() -> None:
            from chattui.store import messages

            try:
                found = messages.page(self._database(), chat_id, first, last)
            except ChattuiError:
                self._post(told.MessagesRead(chat_id, first, last, []))
                raise
            self._post(told.MessagesRead(chat_id, first, last, found))

        self._pages.submit(job)

    def read_sizes(self, chat_id: int) -> None:
        """Sizes of a long chat, for the scroll bar."""

        def job() -> None:
            from chattui.store import messages

            self._post(told.SizesRead(chat_id, messages.sizes(self._database(), chat_id)))

        self._helpers.submit(job)

    def read_subagents(self, chat_id: int) -> None:
        """The chats that this one's tool calls have started, and those that go on from one of its messages."""

        def job() -> None:
            from chattui.store import subagents

            db = self._database()
            found, forks = subagents.of_chat(db, chat_id), subagents.forks_of_chat(db, chat_id)
            if found or forks:
                self._post(told.SubagentsRead(chat_id, found, forks))

        self._helpers.submit(job)

    def read_parent(self, chat_id: int) -> None:
        """The chat that a subagent works for, at the call that started it; or the one that a fork goes on from."""

        def job() -> None:
            from chattui.store import subagents

            place = subagents.place_in_parent(self._database(), chat_id)
            if place is None:
                raise ChattuiError("This chat was not started by another one, and goes on from none.")
            self._read_chat(place[0], place[1], "")

        self._pages.submit(job)

    def read_matches(self, chat_id: int, query: str) -> None:
        """Every message of a chat that matches."""

        def job() -> None:
            from chattui.store import search

            self._post(told.MatchesRead(chat_id, query, search.matching_seqs(self._database(), chat_id, query)))

        self._helpers.submit(job)

    def read_growth(self, chat_id: int, known: int) -> None:
        """What is known of a chat now, and the first of the messages that have come after the ``known`` ones."""

        def job() -> None:
            from chattui.store import chats, messages

            db = self._database()
            chat = chats.get(db, chat_id)
            if chat is None:
                self._post(told.ChatGone(chat_id))
                return
            last = min(chat.message_count, known + AFTER)
            found = messages.page(db, chat_id, known + 1, last) if last > known else []
            self._post(told.ChatGrew(chat, found))

        self._pages.submit(job)

    def save_state(self, state: dict[str, object]) -> None:
        """Remember what is open, for the next start."""

        def job() -> None:
            from chattui.store import snapshots

            if self._db is not None:
                snapshots.save(self._db, state)

        self._helpers.submit(unasked(job))


def _import_store() -> None:
    import chattui.store.database
    import chattui.store.notifications  # noqa: F401
