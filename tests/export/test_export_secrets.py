"""Exports hide secrets, unless they are asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from made import said
from steps import begin

from chattui.domain.portable import PortableAttachment
from chattui.export.folder import Folder
from chattui.export.formats import NAMES, format_of
from chattui.export.run import export_chat, hidden, pieces_of
from chattui.store.database import Database

KEY = "ghp" + "_" + "a1B2" * 9


@pytest.mark.parametrize("name", NAMES)
def test_every_format_hides_them(db: Database, name: str, tmp_path: Path) -> None:
    chat = begin(db, f"use {KEY}", title=f"About {KEY}")
    form = format_of(name)
    assert KEY not in "".join(pieces_of(db, chat, form))
    assert "ghp" in "".join(pieces_of(db, chat, form))
    assert KEY in "".join(pieces_of(db, chat, form, reveal=True))
    with Folder(tmp_path) as folder:
        assert KEY not in export_chat(db, chat, form, folder).path.read_text()
        assert KEY in export_chat(db, chat, form, folder, replace=True, reveal=True).path.read_text()


def test_attachments_that_are_text_are_hidden_in_too() -> None:
    picture, note = b"\x89PNG\x00" + KEY.encode(), f"the key is {KEY}".encode()
    files = (
        PortableAttachment(f"{KEY}.png", "image/png", 45, picture),
        PortableAttachment("n", "file", len(note), note),
    )
    shown, told = hidden(said(1, "see", attachments=files)).attachments
    assert (shown.name, shown.data) == ("ghp_" + "•" * 36 + ".png", picture)
    assert told.data == ("the key is ghp_" + "•" * 36).encode()
    assert told.size == len(told.data)
    assert hidden(plain := said(1, "see", attachments=(PortableAttachment("a", "b", 1, b"c"),))) is plain
