"""What is asked of models from the keyboard: again, on, otherwise, of another one, with files; and commands that are typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.domain.errors import ChattuiError
from chattui.domain.visible import visible_line
from chattui.tui.screens.replying import Replying

if TYPE_CHECKING:
    from chattui.tui import reply_messages as of_replies
    from chattui.tui.slash import Slash
    from chattui.tui.widgets.composer import Composer
    from chattui.tui.widgets.message_editor import MessageEditor


class Composing(Replying):
    """What the main screen does when a reply, or another model, is asked for."""

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
        self.pane.action_last()
        self.session.replies.ask_again(chat_id, seq, self.model)

    def action_go_on(self) -> None:
        """Let the last reply go on, or ask for one where there is none."""
        chat = self.open_chat.chat
        if chat is None or not chat.message_count or not self._can_reply():
            return
        from chattui.tui.data.live_reply import Wanted

        seq = self.open_chat.parent_to_be() or chat.message_count
        self.pane.action_last()
        self.session.replies.ask(Wanted(chat.id, seq), self.model)

    def action_change_prompt(self) -> None:
        """Write another version of the current prompt: a branch, nothing is overwritten."""
        self._change_prompt(self.pane.current_seq)

    def _change_prompt(self, seq: int) -> None:
        message = self.pane.feed.get(seq) if self.pane.feed is not None else None
        if message is None or not message.is_prompt:
            self.notify("This is not a prompt. { and } go to the one before and the next.", timeout=4, markup=False)
            return
        self.make_room()
        self.composer.change(seq, message.content)

    def _can_reply(self) -> bool:
        from chattui.replies import HOW, NOT_INSTALLED, is_installed

        if not is_installed() and not self._is_agent:
            self.notify(NOT_INSTALLED, timeout=8, markup=False)
            return False
        if not self.replies:
            self.notify(HOW, timeout=8, markup=False)
            return False
        return True

    # Another model

    def action_choose_model(self) -> None:
        """Choose among the models that there are."""
        from chattui.replies import NOT_INSTALLED, is_installed
        from chattui.tui.screens.model_dialog import ModelDialog

        if not is_installed() and not self.session.replies.agents:
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
            if shown and message.is_prompt:
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
        import hashlib

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
