"""Replies: asked for with a message, shown while they come, stopped, asked for again, gone on with; and which model replies."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual.timer import Timer

from chattui.domain.chat import Message as ChatMessage
from chattui.domain.errors import ChattuiError
from chattui.domain.kinds import Kind, Role
from chattui.domain.visible import visible_line
from chattui.tui.screens.shell import Shell

if TYPE_CHECKING:
    from chattui.domain.replies import ReplySettings
    from chattui.tui import messages as told
    from chattui.tui import reply_messages as of_replies
    from chattui.tui.data.live_reply import LiveReply
    from chattui.tui.outbox import Unsent
    from chattui.tui.slash import Slash
    from chattui.tui.widgets.composer import Composer
    from chattui.tui.widgets.message_editor import MessageEditor

FRAME = 0.04
"""Seconds between two looks at a reply that grows."""

_TICK = 0.5
_AFTER = "C goes on with the reply · A asks again"


class Replying(Shell):
    """What the main screen does with replies."""

    def __init__(self) -> None:
        super().__init__()
        self.model = ""
        """The model that was chosen last: new chats begin with it."""
        self._of_chat: ReplySettings | None = None  # what the open chat, or the new one, sets for its replies
        self._default = ""  # what is asked where nothing is chosen, once that is known
        self._asked: set[str] = set()  # keys of messages that are to be replied to
        self._unsent: Sequence[Unsent] = ()
        self._shown_at: dict[str, datetime] = {}
        self._drawing: Timer | None = None
        self._ticking: Timer | None = None
        self._drawn_again = False
        self._said_how = False

    # Sending

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        """A message is to be saved, and replied to where a model is configured."""
        from chattui.tui.outbox import Unsent

        parent = self.open_chat.parent_to_be() if event.chat_id is not None else None
        if event.instead_of is not None:
            parent = self._parent_of(event.instead_of)
        if self.replies:
            self._asked.add(event.key)
            self.session.replies.warm()
        item = Unsent(event.key, event.chat_id, event.text, str(Path.cwd()), parent)
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

    def reply_to(self, event: told.MessageSaved) -> None:
        """A message is durable: ask for a reply to it."""
        if event.key in self._asked:
            from chattui.tui.data.live_reply import Wanted

            self._asked.discard(event.key)
            self.session.replies.ask(Wanted(event.chat.id, event.message.seq), self.model)
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
        if event.chat_id != self.open_chat.chat_id:
            return
        if self._drawing is not None:
            self._drawn_again = True
            return
        self.show_tail()
        self._drawing = self.set_timer(FRAME, self._drawn)

    def _drawn(self) -> None:
        self._drawing = None
        if self._drawn_again:
            self._drawn_again = False
            self.show_tail()
            self._drawing = self.set_timer(FRAME, self._drawn)

    def _tick(self) -> None:
        live = self.session.replies.live(self.open_chat.chat_id)
        self.composer.set_status(live.status() if live is not None else "")
        if self._ticking is not None and not self.session.replies.any_live:
            self._ticking.stop()
            self._ticking = None

    def show_tail(self) -> None:
        """Show what is no message yet behind those of the open chat."""
        live = self.session.replies.live(self.open_chat.chat_id)
        if self.open_chat.chat is not None or self.open_chat.is_new:
            self.open_chat.set_tail(self._tail(live))
        if live is not None:
            self.composer.set_status(live.status())
        elif not self._asked:
            self.composer.set_status("", self.composer.after)
        self._tell_model()

    def _tail(self, live: LiveReply | None) -> list[ChatMessage]:
        chat_id = self.open_chat.chat_id
        tail: list[ChatMessage] = []
        if live is not None:
            reply = live.reply()
            shown_at = self._shown_at.setdefault(live.key, self.app.now())
            empty = ChatMessage(0, 1, Role.ASSISTANT, Kind.THINKING, reply.thinking, shown_at, model=reply.model)
            if reply.thinking:
                tail.append(empty)
            if reply.content:
                tail.append(replace(empty, kind=Kind.TEXT, content=reply.content))
        for item in self._unsent:
            if item.chat_id == chat_id:
                at = self._shown_at.setdefault(item.key, self.app.now())
                about = {"unsent": True}
                tail.append(ChatMessage(0, 1, Role.USER, Kind.TEXT, item.content, at, metadata=about))
        return tail

    def on_reply_ended(self, event: of_replies.ReplyEnded) -> None:
        """A reply is over: what was made of it takes the place of what was shown."""
        live, chat_id = event.live, event.live.chat_id
        self._default = self._default or live.model
        here = chat_id == self.open_chat.chat_id
        whole = live.how_it_ended().why == "stop"
        if here and event.chat is not None:
            self.open_chat.set_tail(self._tail(None), (event.chat, event.messages))
            self.find_grew()
            self.draw_title()
        if here:
            self.composer.set_status("", "" if whole else _AFTER)
            self.say(live.status() if live.model else "")
        if event.sentence:
            self.notify(f"{event.sentence} It is kept on this machine.", title="Not stored yet", severity="warning")
        elif live.sentence:
            sentence = visible_line(live.sentence)
            self.notify(sentence, title="No reply", severity="error", timeout=10, markup=False)
        self._tell_model()
        self.recents.refresh_soon()

    def find_grew(self) -> None:
        """The open chat has more messages."""
        raise NotImplementedError

    def on_reply_warned(self, event: of_replies.ReplyWarned) -> None:
        """Something about the key."""
        self.notify(visible_line(event.sentence), severity="warning", timeout=10, markup=False)

    def on_reply_interrupted(self, event: of_replies.ReplyInterrupted) -> None:
        """What came of a reply whose writer was gone is a message now."""
        if event.chat_id == self.open_chat.chat_id:
            self.composer.set_status("", f"The last reply was interrupted: {_AFTER}")

    # Commands

    def stop_reply(self) -> bool:
        """End the reply that is being written in the open chat; False when there is none."""
        chat_id = self.open_chat.chat_id
        return chat_id is not None and self.pane.display and self.session.replies.stop(chat_id)

    def action_retry(self) -> None:
        """Ask again for a reply to the current prompt, or the one that the current message answers."""
        self._ask_again(self.pane.current_seq)

    def _ask_again(self, seq: int) -> None:
        chat_id = self.open_chat.chat_id
        if chat_id is None or not self._can_reply():
            return
        self.session.replies.ask_again(chat_id, seq, self.model)

    def action_go_on(self) -> None:
        """Let the last reply go on, or ask for one where there is none."""
        chat = self.open_chat.chat
        if chat is None or not chat.message_count or not self._can_reply():
            return
        from chattui.tui.data.live_reply import Wanted

        seq = self.open_chat.parent_to_be() or chat.message_count
        self.session.replies.ask(Wanted(chat.id, seq), self.model)

    def action_change_prompt(self) -> None:
        """Write another version of the current prompt: a branch, nothing is overwritten."""
        self._change_prompt(self.pane.current_seq)

    def _change_prompt(self, seq: int) -> None:
        message = self.pane.feed.get(seq) if self.pane.feed is not None else None
        if message is None or message.role is not Role.USER or message.kind is not Kind.TEXT:
            self.notify("This is not a prompt. { and } go to the one before and the next.", timeout=4, markup=False)
            return
        self.make_room()
        self.composer.change(seq, message.content)

    def _can_reply(self) -> bool:
        from chattui.replies import HOW, NOT_INSTALLED, is_installed

        if not is_installed():
            self.notify(NOT_INSTALLED, timeout=8, markup=False)
            return False
        if not self.replies:
            self.notify(HOW, timeout=8, markup=False)
            return False
        return True

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
        self._tell_model()

    def _tell_model(self) -> None:
        configured = self.app.settings.models.default or self._default or "the default model"
        self.composer.set_model(self._settings.model or self.model or (configured if self.replies else ""))

    def _set(self, settings: ReplySettings) -> None:
        self._of_chat = settings
        if (chat_id := self.open_chat.chat_id) is not None:
            self.session.replies.set_settings(chat_id, settings)
        self._tell_model()

    def action_choose_model(self) -> None:
        """Choose among the models that there are."""
        from chattui.replies import NOT_INSTALLED, is_installed
        from chattui.tui.screens.model_dialog import ModelDialog

        if not is_installed():
            self.notify(NOT_INSTALLED, timeout=8, markup=False)
            return
        self.session.replies.list_models()
        self.app.push_screen(ModelDialog(self._settings.model or self.model), self._model_chosen)

    def _model_chosen(self, name: str | None) -> None:
        if name:
            self.model = name
            self._set(replace(self._settings, model=name))

    def on_models_read(self, event: of_replies.ModelsRead) -> None:
        """The models that there are."""
        from chattui.tui.screens.model_dialog import ModelDialog

        self._default = event.default or self._default
        if isinstance(self.app.screen, ModelDialog):
            self.app.screen.show_names(event.names, event.sentence)
        self._tell_model()

    def on_message_editor_model_wanted(self, event: MessageEditor.ModelWanted) -> None:  # noqa: ARG002
        """The key for another model was pressed while writing."""
        self.action_choose_model()

    def on_composer_commanded(self, event: Composer.Commanded) -> None:
        """A command was typed in the place of a message."""
        self._obey(event.command)
        self._tell_model()

    def _obey(self, command: Slash) -> None:
        match command.name:
            case "model" if command.argument:
                self._model_chosen(command.argument)
            case "model":
                self.action_choose_model()
            case "system":
                self._set(replace(self._settings, system=command.argument))
                self.notify("The system prompt is set." if command.argument else "This chat has no system prompt.")
            case "set":
                self._set_option(command.argument)
            case "attach":
                self._attach_file(command.argument)
            case "detach":
                self.composer.detach()
            case "retry":
                self._ask_again(self.open_chat.parent_to_be() or self.pane.viewport.heights.count)
            case "edit":
                self._change_last()
            case "continue":
                self.action_go_on()
            case "stop":
                self.stop_reply()

    def _set_option(self, argument: str) -> None:
        import json

        name, _, text = argument.partition(" ")
        if not name:
            shown = ", ".join(f"{k} = {json.dumps(v)}" for k, v in self._settings.options.items())
            self.notify(visible_line(shown) or "This chat sets no options.", timeout=5, markup=False)
            return
        options = {key: value for key, value in self._settings.options.items() if key != name}
        if text:
            try:
                options[name] = json.loads(text)
            except ValueError:
                options[name] = text
        self._set(replace(self._settings, options=options))

    def _change_last(self) -> None:
        feed = self.pane.feed
        for seq in range(feed.count if feed is not None else 0, 0, -1):
            message = feed.get(seq) if feed is not None else None
            if message is None:
                break
            shown = self.pane.viewport.heights.is_shown(seq)
            if shown and message.role is Role.USER and message.kind is Kind.TEXT:
                self._change_prompt(seq)
                return
        self.notify("There is no prompt here to be changed.", timeout=4)

    # Files, other editors

    def _attach_file(self, argument: str) -> None:
        path = Path(argument).expanduser()
        if path.is_file():
            self.composer.attach([path.absolute()])
        else:
            self.notify(f"There is no file {visible_line(argument)}.", severity="error", timeout=5, markup=False)

    def on_message_editor_files_dropped(self, event: MessageEditor.FilesDropped) -> None:
        """Files were dragged into the editor."""
        self.composer.attach([path.absolute() for path in event.paths])
        names = ", ".join(visible_line(path.name) for path in event.paths)
        self.notify(f"{names} goes along. /detach takes it away.", timeout=4, markup=False)

    def on_message_editor_much_pasted(self, event: MessageEditor.MuchPasted) -> None:
        """More was pasted than can be edited: it becomes a file that goes along."""
        data = event.pasted.encode("utf-8", "replace")
        place = self.app.settings.state_dir / "pasted"
        path = place / f"pasted-{hashlib.sha256(data).hexdigest()[:8]}.txt"
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_bytes(data)
        except OSError as error:
            self.notify(f"What was pasted cannot be kept: {error.strerror}.", severity="error", markup=False)
            return
        self.composer.attach([path])
        self.notify(f"{len(data) / 1e6:.1f} MB were pasted: they go along as a file. /detach takes it away.", timeout=6)

    def on_message_editor_outside_wanted(self, event: MessageEditor.OutsideWanted) -> None:  # noqa: ARG002
        """Go on writing in $EDITOR."""
        from chattui.tui.external_editor import edit_outside

        self.composer.keep()
        try:
            self.composer.replace(edit_outside(self.app, self.composer.text))
        except ChattuiError as error:
            self.notify(visible_line(str(error)), severity="error", timeout=8, markup=False)
