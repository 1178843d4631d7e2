"""The text area in which a message is written: also with files, to another model, in another editor."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from chattui.tui.widgets.editor import Editor

MOST_PASTED = 100_000
"""Characters of a paste that are text to be edited; more are a file that goes along."""


class MessageEditor(Editor):
    """An editor whose files and model are asked for by messages."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+o,tab", "model", "Model", show=True, priority=True, id="composer.model", tooltip="Choose the model"
        ),
        Binding("ctrl+e", "outside", "Editor", priority=True, id="composer.editor", tooltip="Go on writing in $EDITOR"),
    ]

    class ModelWanted(Message):
        """Another model is to be chosen."""

    class OutsideWanted(Message):
        """The text is to be edited in another program."""

    class FilesDropped(Message):
        """Files were dragged here, or their paths pasted."""

        def __init__(self, paths: list[Path]) -> None:
            self.paths = paths
            super().__init__()

    class MuchPasted(Message):
        """More was pasted than can be edited here."""

        def __init__(self, pasted: str) -> None:
            self.pasted = pasted
            super().__init__()

    async def _on_paste(self, event: events.Paste) -> None:
        """A path is a file that goes along, as is a text too long to be edited; everything else is text."""
        if not self.read_only and (paths := dropped(event.text)):
            self.post_message(self.FilesDropped(paths))
        elif not self.read_only and len(event.text) > MOST_PASTED:
            self.post_message(self.MuchPasted(event.text))
        else:
            return  # Textual's own handler is called after this one
        event.stop()
        event.prevent_default()

    def action_model(self) -> None:
        """Choose the model."""
        self.post_message(self.ModelWanted())

    def action_outside(self) -> None:
        """Go on writing in another program."""
        if not self.read_only:
            self.post_message(self.OutsideWanted())


def dropped(text: str) -> list[Path]:
    """The files that a paste names, as terminals paste what is dragged into them; none when it is anything else."""
    stripped = text.strip()
    if not stripped.startswith(("/", "~/", "file://", "'/", '"/')) or len(stripped) > 8192:
        return []
    import shlex
    from urllib.parse import unquote, urlsplit

    try:
        names = shlex.split(stripped)
        paths = [Path(unquote(urlsplit(n).path) if n.startswith("file://") else n).expanduser() for n in names]
        return paths if all(path.is_file() for path in paths) else []
    except (ValueError, OSError, RuntimeError):
        return []
