"""Replies of models for the app: asked for, saved while they come, stopped, made messages. Answers are messages."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.domain.errors import ChattuiError, Unreachable
from chattui.domain.replies import ReplySettings, Turn, Why
from chattui.tui import messages as told
from chattui.tui import reply_messages as of_replies
from chattui.tui.data.agent_turns import AgentTurns
from chattui.tui.data.live_reply import LiveReply, Wanted
from chattui.tui.data.titles import Titles
from chattui.tui.data.worker import Worker

if TYPE_CHECKING:
    from chattui.config.agents import AgentSettings
    from chattui.config.models import ModelSettings
    from chattui.replies.events import Event
    from chattui.replies.process import Asker
    from chattui.store.database import Database
    from chattui.store.turns import Turn as Hold
    from chattui.tui.outbox import Outbox

log = logging.getLogger("chattui.tui")

SAVE_EVERY = 0.8
"""Seconds between two looks at what is to be saved: a crash costs less than a second of a reply."""

MOST_CHARS = 240_000
"""Characters of a conversation that are sent, the newest."""

_LOOK_AGAIN = 5.0

GO_ON = "Go on exactly where you stopped. Repeat nothing."


class Replies:
    """One reply at a time in a chat; what is asked for meanwhile comes after it. Methods return at once."""

    def __init__(
        self,
        db: Callable[[], Database],
        post: Callable[[Message], None],
        failed: Callable[[Exception], None],
        settings: ModelSettings,
        outbox: Outbox,
        try_later: Callable[[], None],
        agents: Sequence[AgentSettings] = (),
    ) -> None:
        """``try_later`` is called when something waits in the ``outbox``."""
        self._database = db
        self._post = post
        self._failed = failed
        self._settings = settings
        self._outbox = outbox
        self._try_later = try_later
        self._made_worker: Worker | None = None
        self._asker: Asker | None = None
        self._lock = threading.Lock()
        self._live: dict[int, LiveReply] = {}
        self._next: dict[int, Wanted] = {}
        self._holds: dict[str, Hold] = {}
        self._told: set[int] = (
            set()
        )  # chats of whose replies it was told that there is more, and nobody has looked since
        self._closed = False
        self._agents = AgentTurns(db, agents)
        self._titles = Titles(db, self._asked, lambda: self._worker, post, settings)
        self._configured = (False, 0.0)  # what was found, and how long that holds

    @property
    def is_configured(self) -> bool:
        """Whether a model is configured and can be asked. Looks at a few files, now and then."""
        from chattui.replies import is_installed

        known, until = self._configured
        if time.monotonic() >= until:
            known = self._settings.is_configured and is_installed()
            self._configured = (known, time.monotonic() + _LOOK_AGAIN)
        return known

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents that can reply, as models are named."""
        return self._agents.names

    def answer(self, live: LiveReply, ask: str, option: str) -> None:
        """Answer what an agent asked in a turn; an empty option refuses."""
        self._agents.answer(live, ask, option)

    def live(self, chat_id: int | None) -> LiveReply | None:
        """The reply that is being written in a chat."""
        return self._live.get(chat_id) if chat_id is not None else None

    def looked(self, chat_id: int | None) -> None:
        """What there is of a chat's reply is about to be shown: tell when there is more."""
        if chat_id is not None:
            self._told.discard(chat_id)

    @property
    def any_live(self) -> bool:
        """Whether a reply is being written in any chat."""
        return bool(self._live)

    def warm(self) -> None:
        """A reply will be wanted in a moment."""
        self._worker.submit(lambda: self._asked().warm())

    def ask(self, wanted: Wanted, model: str = "") -> None:
        """Ask for a reply; ``model`` is asked where the chat names none."""
        with self._lock:
            if wanted.chat_id in self._live:
                self._next[wanted.chat_id] = wanted
                return
            live = self._live[wanted.chat_id] = LiveReply(wanted, uuid.uuid4().hex, model)
        self._worker.submit(partial(self._begin, live, model))
        self._post(of_replies.ReplyMoved(wanted.chat_id))

    def ask_again(self, chat_id: int, seq: int, model: str = "") -> None:
        """Ask once more for a reply to the prompt that message ``seq`` is, or answers."""

        def job() -> None:
            from chattui.store import replies

            prompt = replies.prompt_of(self._database(), chat_id, seq)
            if prompt is None:
                raise ChattuiError("There is no prompt before this message that could be answered again.")
            self.ask(Wanted(chat_id, prompt, again=True), model)

        self._worker.submit(job)

    def stop(self, chat_id: int) -> bool:
        """End the reply of a chat and keep what came; False when there is none."""
        live = self._live.get(chat_id)
        with self._lock:
            self._next.pop(chat_id, None)
        return live is not None and self._stop(live, "stopped")

    def _stop(self, live: LiveReply, why: Why, sentence: str = "") -> bool:
        if not live.end(why, sentence):
            return False
        if live.asking is not None:
            live.asking.stop()
        self._worker.submit(partial(self._finish, live))
        return True

    def list_models(self) -> None:
        """Ask which models there are."""
        self._worker.submit(self._list_models)

    def read_settings(self, chat_id: int) -> None:
        """What a chat sets for its replies; and what is left of replies whose writer is gone becomes messages."""

        def job() -> None:
            from chattui.store import replies

            self._post(of_replies.ReplySettingsRead(chat_id, replies.settings(self._database(), chat_id)))
            if chat_id not in self._live and replies.settle(self._database(), chat_id):
                self._post(told.ChatsChangedElsewhere(frozenset({chat_id})))
                self._post(of_replies.ReplyInterrupted(chat_id))

        self._worker.submit(job)

    def set_settings(self, chat_id: int, wanted: ReplySettings) -> None:
        """Set what a chat sets for its replies."""

        def job() -> None:
            from chattui.store import replies

            replies.set_settings(self._database(), chat_id, wanted)

        self._worker.submit(job)

    def close(self) -> None:
        """End every reply and keep what came."""
        self._closed = True
        for live in list(self._live.values()):
            self._stop(live, "interrupted")
        if self._made_worker is not None:
            self._made_worker.stop()
        if self._asker is not None:
            self._asker.close()
        self._agents.close()

    # On the thread of replies

    @property
    def _worker(self) -> Worker:
        if self._made_worker is None:
            self._made_worker = Worker("chattui-replies", self._failed)
        return self._made_worker

    def _asked(self) -> Asker:
        if self._asker is None:
            from chattui.replies.process import Asker

            self._asker = Asker()
        return self._asker

    def _begin(self, live: LiveReply, model: str) -> None:
        from chattui.replies.request import Request
        from chattui.store import replies

        if live.is_over():
            return
        wanted = live.wanted
        try:
            db = self._database()
            of_chat = replies.settings(db, wanted.chat_id)
            turns = replies.conversation(db, wanted.chat_id, wanted.seq, most_chars=MOST_CHARS)
            if turns and turns[-1].role == "assistant":
                turns.append(Turn("user", GO_ON))
            agent = self._agents.meant(of_chat.model or model)
            if agent is not None:
                live = self._as_turn(live, agent.title)
            replies.begin(db, live.reply())
            held = self._holds[live.key] = replies.hold(db, live.key)
            held.take()
            if agent is not None:
                system = of_chat.system or self._settings.system
                live.asking = self._agents.hold(live, agent, turns, system, partial(self._heard, live))
            else:
                request = Request(
                    self._settings,
                    tuple(turns),
                    of_chat.model or model,
                    of_chat.system or self._settings.system,
                    of_chat.options,
                )
                live.asking = self._asked().ask(request, partial(self._heard, live))
        except (ChattuiError, OSError) as error:
            sentence = (
                str(error) if isinstance(error, ChattuiError) else f"The model cannot be asked: {error.strerror}."
            )
            log.info("a reply cannot be asked for", exc_info=True)
            if live.end("failed", sentence):
                self._finish(live)
            return
        self._look_later(live)
        if live.is_over():  # stopped while all that was done
            live.asking.stop()

    def _as_turn(self, live: LiveReply, title: str) -> LiveReply:
        """The same reply as a turn of an agent: which one is asked is known only now."""
        from chattui.tui.data.live_turn import LiveTurn

        turn = LiveTurn(live.wanted, live.key, title)
        with self._lock:
            if self._live.get(live.chat_id) is live:
                self._live[live.chat_id] = turn
        if live.is_over():  # stopped while this was done
            turn.end("stopped")
        return turn

    def _list_models(self) -> None:
        from chattui.replies import NOT_INSTALLED, is_installed
        from chattui.replies.events import Failed, Models
        from chattui.replies.request import Request

        agents = self._agents.names
        if not is_installed():
            self._post(of_replies.ModelsRead(agents, "", NOT_INSTALLED))
            return

        def heard(event: Event) -> None:
            if isinstance(event, Models):
                self._post(of_replies.ModelsRead((*agents, *event.names), event.default))
            elif isinstance(event, Failed):
                self._post(of_replies.ModelsRead(agents, "", event.sentence))

        self._asked().ask(Request(self._settings), heard)

    def _finish(self, live: LiveReply) -> None:
        """Make messages of a reply that is over. Where the database is away, the disk keeps it until it is back."""
        from chattui.store import chats, replies

        reply, end = live.reply(), live.how_it_ended()
        try:
            db = self._database()
            made = replies.finish(db, reply, end)
            self._agents.made(live, made, is_over=True)
            self._post(of_replies.ReplyEnded(live, chats.get(db, live.chat_id), made))
        except ChattuiError as error:
            log.info("a reply cannot be stored yet", exc_info=True)
            waits = isinstance(error, Unreachable) and self._outbox.put_reply(reply, end)
            if waits:
                self._try_later()
            self._post(of_replies.ReplyEnded(live, None, [], str(error), waits=waits))
        finally:
            if (held := self._holds.pop(live.key, None)) is not None:
                held.leave()
            with self._lock:
                if self._live.get(live.chat_id) is live:
                    self._live.pop(live.chat_id)
                    self._told.discard(live.chat_id)
                wanted = self._next.pop(live.chat_id, None)
        if wanted is not None and not self._closed:
            self.ask(wanted)
        elif not self._closed:
            self._worker.submit(partial(self._titles.after, live, of_agent=reply.is_turn))

    def _save(self, live: LiveReply) -> None:
        from chattui.store import chats, replies

        try:
            if not live.is_over() and (over := live.to_store()) is not None:
                made = replies.add_parts(self._database(), over)
                live.stored(over)
                self._agents.made(live, made)
                self._post(of_replies.PartsStored(live, over, chats.get(self._database(), live.chat_id), made))
            if live.is_over() or (reply := live.to_save()) is None:
                return
            replies.keep(self._database(), reply)
        except ChattuiError:
            log.info("a reply cannot be saved while it comes", exc_info=True)

    # On other threads

    def _heard(self, live: LiveReply, event: Event) -> None:
        from chattui.replies.events import Permission, Session, Usage, Warned

        if live.take(event):
            self._worker.submit(partial(self._finish, live))
        elif isinstance(event, Permission):
            self._post(of_replies.PermissionWanted(live, event))
        elif isinstance(event, Warned):
            self._post(of_replies.ReplyWarned(event.sentence))
        elif isinstance(event, Session):
            if sentence := self._agents.began(live, event):
                self._post(of_replies.SessionTaken(sentence))
        elif not isinstance(event, Usage) and live.chat_id not in self._told:
            self._told.add(live.chat_id)
            self._post(of_replies.ReplyMoved(live.chat_id))

    def _look_later(self, live: LiveReply) -> None:
        timer = threading.Timer(SAVE_EVERY, self._look, (live,))
        timer.daemon = True
        timer.start()

    def _look(self, live: LiveReply) -> None:
        if live.is_over() or self._closed:
            return
        if live.quiet_for() > self._settings.quiet:
            self._stop(
                live, "failed", f"The model has said nothing for {self._settings.quiet:.0f} seconds, and was given up."
            )
            return
        self._worker.submit(partial(self._save, live))
        self._look_later(live)
