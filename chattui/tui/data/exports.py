"""What the app writes to files: chats, code blocks, attachments, on a thread of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.domain.errors import ChattuiError, ExportError
from chattui.tui import messages as told
from chattui.tui.data.worker import Job, Worker

if TYPE_CHECKING:
    from chattui.store.database import Database
    from chattui.tui.screens.export_dialog import ExportWish
    from chattui.tui.screens.save_dialog import SaveWish


class Exports:
    """The thread is made for the first export. Answers are messages."""

    def __init__(
        self, db: Callable[[], Database], post: Callable[[Message], None], failed: Callable[[Exception], None]
    ) -> None:
        self._database = db
        self._post = post
        self._failed = failed
        self._worker: Worker | None = None
        self._closed = False

    def close(self) -> None:
        """End the thread; nothing is left of what it was writing."""
        self._closed = True
        if self._worker is not None:
            self._worker.stop()

    def write(self, chat_id: int, wish: ExportWish) -> None:
        """Write a chat to a file, on a thread of its own; nothing is left of it when the app is closed meanwhile."""

        def job() -> None:
            from chattui.export.folder import Folder
            from chattui.export.formats import format_of
            from chattui.export.run import export_chat

            try:
                with Folder(wish.directory) as folder:
                    done = export_chat(
                        self._database(),
                        chat_id,
                        format_of(wish.format),
                        folder,
                        replace=wish.replace,
                        stopped=lambda: self._closed,
                    )
            except ChattuiError as error:
                exists = isinstance(error, ExportError) and error.exists
                self._post(told.ExportEnded(chat_id, wish, str(error), failed=True, exists=exists))
                return
            sentence = f"{done.messages:,} message{'' if done.messages == 1 else 's'} written to {done.path}"
            self._post(told.ExportEnded(chat_id, wish, sentence))

        self._submit(job)

    def save(self, wish: SaveWish) -> None:
        """Write a code block or an attachment to a file, whole or not at all."""

        def job() -> None:
            from chattui.export.folder import Folder

            try:
                with Folder(wish.directory) as folder:
                    size = folder.write(wish.name, [wish.items[wish.index].text], replace=wish.replace)
            except ChattuiError as error:
                exists = isinstance(error, ExportError) and error.exists
                self._post(told.SaveEnded(wish, str(error), failed=True, exists=exists))
                return
            self._post(told.SaveEnded(wish, f"{size:,} bytes written to {wish.directory / wish.name}"))

        self._submit(job)

    def _submit(self, job: Job) -> None:
        if self._worker is None:
            self._worker = Worker("chattui-exports", self._failed)
        self._worker.submit(job)
