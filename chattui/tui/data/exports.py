"""What the app writes to files: chats, code blocks, attachments, on a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from chattui.domain.errors import ChattuiError, ExportError
from chattui.domain.visible import visible_line
from chattui.tui import messages as told
from chattui.tui.data.worker import Job, Worker

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from chattui.store.database import Database
    from chattui.tui.screens.export_dialog import ExportWish
    from chattui.tui.screens.save_dialog import Attached, SaveWish

NO_BYTES = "The history held only the name of this attachment, not its bytes: there is nothing to save or to open."


class Exports:
    """The thread is made for the first export. Answers are messages."""

    def __init__(
        self,
        db: Callable[[], Database],
        post: Callable[[Message], None],
        failed: Callable[[Exception], None],
        *,
        masks: bool = True,
    ) -> None:
        """``masks``: secrets are hidden in what is written."""
        self._masks = masks
        self._database = db
        self._post = post
        self._failed = failed
        self._worker: Worker | None = None
        self._closed = False
        self._opened: TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """End the thread; nothing is left of what it was writing."""
        self._closed = True
        if self._worker is not None:
            self._worker.stop()
        if self._opened is not None:
            self._opened.cleanup()

    def write(self, chat_ids: Sequence[int], wish: ExportWish) -> None:
        """Write chats to a file each, on a thread of its own; nothing is left of the one that is being written when the app
        is closed meanwhile. When one cannot be written, those before it are."""

        def job() -> None:
            from chattui.export.folder import Folder
            from chattui.export.formats import format_of
            from chattui.export.run import WHOLE, Span, export_chat

            try:
                with Folder(wish.directory) as folder:
                    done = [
                        export_chat(
                            self._database(),
                            chat_id,
                            format_of(wish.format),
                            folder,
                            span=Span(*wish.part) if wish.part is not None else WHOLE,
                            replace=wish.replace,
                            reveal=not self._masks,
                            stopped=lambda: self._closed,
                        )
                        for chat_id in chat_ids
                    ]
            except ChattuiError as error:
                exists = isinstance(error, ExportError) and error.exists
                self._post(told.ExportEnded(chat_ids, wish, str(error), failed=True, exists=exists))
                return
            count = sum(each.messages for each in done)
            messages = f"{count:,} message{'' if count == 1 else 's'}"
            where = done[0].path if len(done) == 1 else wish.directory
            of = "" if len(done) == 1 else f" of {len(done):,} chats"
            self._post(told.ExportEnded(chat_ids, wish, f"{messages}{of} written to {where}"))

        self._submit(job)

    def save(self, wish: SaveWish) -> None:
        """Write a code block or an attachment to a file, whole or not at all."""

        def job() -> None:
            from chattui.export.folder import Folder

            try:
                content = self._content(wish.items[wish.index].content)
                with Folder(wish.directory) as folder:
                    size = folder.write(wish.name, [content], replace=wish.replace)
            except ChattuiError as error:
                exists = isinstance(error, ExportError) and error.exists
                self._post(told.SaveEnded(wish, str(error), failed=True, exists=exists))
                return
            self._post(told.SaveEnded(wish, f"{size:,} bytes written to {wish.directory / wish.name}"))

        self._submit(job)

    def _content(self, content: str | Attached) -> str | bytes:
        if isinstance(content, str):
            return content
        from chattui.store import taking

        found = taking.attachment(self._database(), content.chat_id, content.seq, content.number)
        if found is None or found.data is None:
            raise ExportError("This attachment is not there any more. The chat may have been deleted elsewhere.")
        return found.data

    def look(self, chat_id: int, seq: int) -> None:
        """Ask what is attached to a message."""

        def job() -> None:
            from chattui.store import taking

            found = taking.attachments_of(self._database(), chat_id, seq)
            self._post(told.AttachmentsRead(chat_id, seq, found))

        self._submit(job)

    def make_ready(self, chat_id: int, seq: int) -> None:
        """Put the first attachment of a message that can be opened into a private file, which is kept until the app ends."""

        def job() -> None:
            from chattui.domain.attached import suffix_to_open
            from chattui.store import taking

            kinds: list[str] = []
            for number, about in enumerate(taking.attachments_of(self._database(), chat_id, seq), 1):
                found = taking.attachment(self._database(), chat_id, seq, number)
                suffix = suffix_to_open(about.mime, found.data) if found is not None and found.data else None
                if found is not None and found.data is not None and suffix is not None:
                    path = self._private(f"{chat_id}-{seq}-{number}{suffix}", found.data)
                    self._post(told.AttachmentReady(path, f"Opening the attachment ({visible_line(about.mime)})"))
                    return
                kinds.append(visible_line(about.mime))
            why = (
                f"Only pictures, PDF and text are opened from here, not {kinds[0]}. s saves it." if kinds else NO_BYTES
            )
            self._post(told.AttachmentReady(None, why))

        self._submit(job)

    def _private(self, name: str, data: bytes) -> Path:
        """A file that only this user can read, in a directory that goes when the app does."""
        from tempfile import TemporaryDirectory

        try:
            if self._opened is None:
                self._opened = TemporaryDirectory(prefix="chattui-")
            path = Path(self._opened.name) / name
            path.write_bytes(data)
        except OSError as error:
            raise ExportError(f"The attachment cannot be opened: {error.strerror}. s saves it elsewhere.") from error
        return path

    def _submit(self, job: Job) -> None:
        if self._worker is None:
            self._worker = Worker("chattui-exports", self._failed)
        self._worker.submit(job)
