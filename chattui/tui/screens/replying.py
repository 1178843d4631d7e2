"""Replies: asked for with a message, shown while they come, stopped, asked for again, gone on with; and which model replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from chattui.domain.visible import visible_line
from chattui.tui.screens.part import Part

if TYPE_CHECKING:
    from chattui.domain.chat import Message as ChatMessage
    from chattui.domain.replies import ReplySettings
    from chattui.tui import messages as told
    from chattui.tui import reply_messages as of_replies
    from chattui.tui.data.live_reply import LiveReply
    from chattui.tui.outbox import Unsent
    from chattui.tui.widgets.composer import Composer

FRAME = 0.05
"""Seconds between two looks at a reply that grows."""

_TICK = 0.5
_A_WHILE = 6.0
_AFTER = "{screen.go_on} goes on · {screen.retry} asks again"
"""Ids of commands stand for their keys."""


class Replying(Part):
    """What the main screen does with replies."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ""
        """The model that was chosen last: new chats begin with it."""
        self._of_chat: ReplySettings | None = None  # what the open chat, or the new one, sets for its replies
        self._default = ""  # what is asked where nothing is chosen, once that is known
        self._asked: set[str] = set()  # keys of messages that are to be replied to
        self._new_key = ""  # of the message that begins the new chat, while that is not stored
        self._unsent: Sequence[Unsent] = ()
        self._shown_at: dict[str, datetime] = {}
        self._drawing: Timer | None = None
        self._ticking: Timer | None = None
        self._drawn_again = False
        self._said_how = False
        self._warned: set[str] = set()
        self._over: set[str] = set()  # keys of replies that are messages now
        self._held: dict[int, LiveReply] = {}  # replies that wait for the database, by chat

    # Sending

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        """A message is to be saved, and replied to where a model is configured."""
        from chattui.tui.outbox import Unsent

        parent = self.open_chat.parent_to_be() if event.chat_id is not None else None
        if event.instead_of is not None:
            parent = self._parent_of(event.instead_of)
        if self.replies:
            self._asked.add(event.key)
            if not self._is_agent:
                self.session.replies.warm()
        if event.chat_id is None:
            self._new_key = self._new_key or event.key
        new_key = self._new_key if event.chat_id is None else ""
        item = Unsent(event.key, event.chat_id, event.text, str(Path.cwd()), parent, chat_key=new_key)
        self.session.changes.save_message(item, event.files, self._settings if event.chat_id is None else None)

    def _parent_of(self, seq: int) -> int:
        message = self.pane.feed.get(seq) if self.pane.feed is not None else None
        if message is not None and message.parent_seq is not None:
            return message.parent_seq
        return seq - 1

    @property
    def replies(self) -> bool:
        """Whether a message that is sent now is replied to."""
        return self.session.replies.is_configured or bool(self._settings.model or self.model)

    @property
    def _is_agent(self) -> bool:
        """Whether an agent replies, not a model."""
        from chattui.replies.acp import PREFIX

        return (self._settings.model or self.model).startswith(PREFIX)

    def begins_here(self, event: told.MessageSaved) -> bool:
        """Whether the new chat that is shown begins with this message, which had waited for the database."""
        here = self.open_chat.is_new and event.key == self._new_key
        if here:
            self.composer.go_on_in(event.chat.id)
        return here

    def reply_to(self, event: told.MessageSaved) -> None:
        """A message is durable: ask for a reply to it."""
        if event.key in self._asked:
            from chattui.tui.data.live_reply import Wanted

            self._asked.discard(event.key)
            wanted = Wanted(event.chat.id, event.message.seq)
            self.call_after_refresh(self.session.replies.ask, wanted, self.model)  # first the message is seen
        elif not self.replies and not self._said_how:
            from chattui.replies import HOW

            self._said_how = True
            self.notify(HOW, title="Saved", timeout=8, markup=False)

    def on_message_queued(self, event: of_replies.MessageQueued) -> None:
        """A message waits on the disk: it is out of the composer, and shown as unsent."""
        self.composer.saved(event.key, event.chat_id)

    def on_unsent_read(self, event: of_replies.UnsentRead) -> None:
        """What still waits."""
        before, self._unsent = self._unsent, event.items
        if before != event.items:
            self.show_tail()

    # Showing

    def read_reply_settings(self) -> None:
        """Another chat is open: ask what it sets, and show what comes of a reply in it."""
        self._of_chat = None
        chat_id = self.open_chat.chat_id
        if chat_id is not None:
            self.session.replies.read_settings(chat_id)
        self.show_tail()

    def on_reply_settings_read(self, event: of_replies.ReplySettingsRead) -> None:
        """What the open chat sets."""
        if event.chat_id == self.open_chat.chat_id:
            self._of_chat = event.settings
            self._tell_model()

    def on_reply_moved(self, event: of_replies.ReplyMoved) -> None:
        """There is more of a reply."""
        if self._ticking is None:
            self._ticking = self.set_interval(_TICK, self._tick)
            self._tick()
        if event.chat_id != self.open_chat.chat_id:
            return
        if self._drawing is not None:
            self._drawn_again = True
            return
        self._draw_tail()
        self._drawing = self.set_timer(FRAME, self._drawn)

    def _drawn(self) -> None:
        self._drawing = None
        if self._drawn_again:
            self._drawn_again = False
            self._draw_tail()
            self._drawing = self.set_timer(FRAME, self._drawn)

    def _tick(self) -> None:
        live = self._live_here()
        self.composer.set_status(live.status() if live is not None else "", self.composer.after)
        if self._ticking is not None and not self.session.replies.any_live:
            self._ticking.stop()
            self._ticking = None

    def show_tail(self) -> None:
        """Show what is no message yet behind those of the open chat."""
        self._draw_tail()
        self.show_empty()
        live = self._live_here()
        self.composer.set_status(live.status() if live is not None else "", self.composer.after)
        self._tell_model()

    def _draw_tail(self) -> None:
        if self.open_chat.chat is not None or self.open_chat.is_new:
            self.session.replies.looked(self.open_chat.chat_id)
            self.open_chat.set_tail(self._tail(self._live_here()))

    def _live_here(self) -> LiveReply | None:
        """The reply that is being written in the open chat; none when it is a message already."""
        live = self.session.replies.live(self.open_chat.chat_id)
        return live if live is not None and live.key not in self._over else None

    def _tail(self, live: LiveReply | None) -> list[ChatMessage]:
        from chattui.domain.chat import Message as ChatMessage
        from chattui.domain.kinds import Kind, Role
        from chattui.tui.parts import parts_shown

        chat_id = self.open_chat.chat_id
        unsent = {"unsent": True}
        tail: list[ChatMessage] = []
        for each in (self._held.get(chat_id or 0), live):
            if each is None:
                continue
            reply, about = each.reply(), unsent if each is not live else None
            at = self._shown_at.setdefault(each.key, self.app.now())
            said = ChatMessage(0, 1, Role.ASSISTANT, Kind.TEXT, reply.content, at, model=reply.model, metadata=about)
            if reply.thinking:
                tail.append(replace(said, kind=Kind.THINKING, content=reply.thinking))
            if reply.content:
                tail.append(said)
            if reply.is_turn:
                tail += parts_shown(each, said)
        for item in self._unsent:
            if item.chat_id == chat_id and (chat_id is not None or item.chat_key == self._new_key):
                at = self._shown_at.setdefault(item.key, self.app.now())
                tail.append(ChatMessage(0, 1, Role.USER, Kind.TEXT, item.content, at, metadata=unsent))
        return tail

    def on_reply_ended(self, event: of_replies.ReplyEnded) -> None:
        """A reply is over: what was made of it takes the place of what was shown."""
        live, chat_id = event.live, event.live.chat_id
        self._default = self._default or live.model
        here = chat_id == self.open_chat.chat_id
        whole = live.how_it_ended().why == "stop"
        self._over.add(live.key)
        if event.chat is None and event.waits:
            self._held[chat_id] = live
        if here and event.chat is None:
            self._draw_tail()
        if here and event.chat is not None:
            self.open_chat.set_tail(self._tail(None), (event.chat, event.messages))
            self.find_grew()
            self.draw_title()
        if here:
            self.composer.set_status("", "" if whole else self.keyed(_AFTER))
            self._say_for_a_while(visible_line(live.status()) if live.model else "")
        if event.waits:
            sentence = f"{visible_line(event.sentence)} What came is kept on this machine until then."
            self.notify(sentence, title="The reply is not stored yet", severity="warning", markup=False)
        elif (event.sentence or live.sentence) and not (event.chat is not None and event.chat.is_quiet):
            sentence = visible_line(event.sentence or live.sentence)
            self.notify(sentence, title="No reply", severity="error", timeout=10, markup=False)
        self._tell_model()
        self.recents.refresh_soon()

    def on_reply_stored(self, event: of_replies.ReplyStored) -> None:
        """A reply that had waited for the database is there."""
        if self._held.pop(event.chat.id, None) is not None and event.chat.id == self.open_chat.chat_id:
            self.open_chat.set_tail(self._tail(self._live_here()), (event.chat, event.messages))

    def _say_for_a_while(self, text: str) -> None:
        def over() -> None:
            if self.status == text:
                self.say("")

        self.say(text)
        self.set_timer(_A_WHILE, over)

    def find_grew(self) -> None:
        """The open chat has more messages."""
        raise NotImplementedError

    def on_reply_warned(self, event: of_replies.ReplyWarned) -> None:
        """Something about the key; said once."""
        if event.sentence not in self._warned:
            self._warned.add(event.sentence)
            self.notify(visible_line(event.sentence), severity="warning", timeout=10, markup=False)

    def on_session_taken(self, event: of_replies.SessionTaken) -> None:
        """An agent goes on in a session of before, or in a new one."""
        self.notify(event.sentence, timeout=5, markup=False)

    def on_reply_interrupted(self, event: of_replies.ReplyInterrupted) -> None:
        """What came of a reply whose writer was gone is a message now."""
        if event.chat_id == self.open_chat.chat_id:
            self.composer.set_status("", self.keyed(f"interrupted: {_AFTER}"))

    # Which model, and how

    @property
    def _settings(self) -> ReplySettings:
        if self._of_chat is None:
            from chattui.domain.replies import ReplySettings

            self._of_chat = ReplySettings()
        return self._of_chat

    def new_reply_settings(self) -> None:
        """A chat is begun: it sets nothing yet."""
        self._of_chat = None
        self._new_key = ""
        self._tell_model()

    def _tell_model(self) -> None:
        configured = self.app.settings.models.default or self._default or "the default model"
        self.composer.set_model(self._settings.model or self.model or (configured if self.replies else ""))

    def _set(self, settings: ReplySettings) -> None:
        self._of_chat = settings
        if (chat_id := self.open_chat.chat_id) is not None:
            self.session.replies.set_settings(chat_id, settings)
        self._tell_model()
