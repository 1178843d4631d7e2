"""Agents in a chat: what they ask, what of their turns is stored while these go on; and sessions in their own programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chattui.domain.errors import ChattuiError
from chattui.domain.visible import visible_line
from chattui.tui.screens.composing import Composing

if TYPE_CHECKING:
    from chattui.replies.events import Permission
    from chattui.tui import reply_messages as of_replies
    from chattui.tui.data.live_reply import LiveReply
    from chattui.tui.screens.hand_over_dialog import HandOverWish
    from chattui.tui.slash import Slash


class Agenting(Composing):
    """What the main screen does with agents."""

    def __init__(self) -> None:
        super().__init__()
        self._permissions: list[tuple[LiveReply, Permission]] = []  # the first is being asked

    def title_of(self, chat_id: int) -> str:
        """The title of a chat that is shown or listed."""
        raise NotImplementedError

    # What an agent asks

    def on_permission_wanted(self, event: of_replies.PermissionWanted) -> None:
        """An agent asks whether it may: one question at a time."""
        if event.live.is_over():
            return
        self._permissions.append((event.live, event.permission))
        if len(self._permissions) == 1:
            self._ask_permission()

    def _ask_permission(self) -> None:
        from chattui.tui.screens.permission_dialog import PermissionDialog

        live, permission = self._permissions[0]
        here = live.chat_id == self.open_chat.chat_id
        where = "" if here else f" in “{visible_line(self.title_of(live.chat_id))[:40]}”"
        self.app.push_screen(PermissionDialog(f"{live.model}{where}", permission, live.key), self._permitted)

    def _permitted(self, option: str | None) -> None:
        live, permission = self._permissions.pop(0)
        self.session.replies.answer(live, permission.ask, option or "")
        self._permissions = [one for one in self._permissions if not one[0].is_over()]
        if self._permissions:
            self._ask_permission()

    def on_reply_ended(self, event: of_replies.ReplyEnded) -> None:
        """A turn is over, and with it what it asked."""
        from chattui.tui.screens.permission_dialog import PermissionDialog

        key = event.live.key
        self._permissions[1:] = [one for one in self._permissions[1:] if one[0].key != key]
        screen = self.app.screen
        if isinstance(screen, PermissionDialog) and screen.key == key:
            screen.dismiss(None)

    def on_parts_stored(self, event: of_replies.PartsStored) -> None:
        """The beginning of a turn is messages now."""
        event.live.showing(event.reply)
        if event.chat is not None and event.live.chat_id == self.open_chat.chat_id:
            self.open_chat.set_tail(self._tail(self._live_here()), (event.chat, event.messages))
            self.find_grew()

    # Sessions in their own programs

    def _obey(self, command: Slash) -> None:
        if command.name != "agent":
            super()._obey(command)
            return
        name, _, rest = command.argument.partition(" ")
        if name:
            self._begin_session(name, rest)
        else:
            self.action_begin_session()

    def action_begin_session(self) -> None:
        """Choose the agent in whose own program a session begins."""
        from chattui.resume.agents import installed
        from chattui.tui.screens.hand_over_dialog import HandOverDialog

        def answered(wish: HandOverWish | None) -> None:
            if wish is not None and wish.agent is not None:
                self._begin_session(wish.agent, "", only_copy=wish.only_copy)

        agents = installed(os.environ, self.app.settings.agents)
        self.app.push_screen(HandOverDialog(str(self._directory), agents, is_new=True), answered)

    @property
    def _directory(self) -> Path:
        """Where a session begins when nothing else is said: in the project of the open chat, else where the app runs."""
        chat = self.open_chat.chat
        if chat is not None and chat.project and Path(chat.project).is_dir():
            return Path(chat.project)
        return Path.cwd()

    def _begin_session(self, name: str, words: str, *, only_copy: bool = False) -> None:
        from chattui.resume.agents import agent
        from chattui.resume.beginning import begin, directory_and_prompt
        from chattui.tui import messages as told

        try:
            directory, prompt = directory_and_prompt(words, self._directory)
            launch = begin(agent(name, self.app.settings.agents), directory, prompt, os.environ)
        except ChattuiError as error:
            self.notify(visible_line(str(error)), title="No session", severity="error", timeout=8, markup=False)
            return
        self.post_message(told.LaunchReady(launch, only_copy=only_copy))
