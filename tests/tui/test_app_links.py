"""Links in the app: copied and opened by key, and nothing but web and mail ever opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from app_driver import AppMaker, running, toasts, until
from made_chats import import_all, write_session

from chattui.store.database import Database
from chattui.tui.app import ChattuiApp
from chattui.tui.pane.messages import LinkFollowed


async def test_links_are_copied_and_opened_and_others_are_not(
    conninfo: str, db: Database, app_on: AppMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(ChattuiApp, "open_url", lambda self, url, *, new_tab=True: opened.append(url))
    write_session(tmp_path, ["?", "https://one.example/[red]x and <mailto:two@example.org>"], title="Links")
    import_all(db, tmp_path)
    app = app_on(conninfo)
    async with running(app) as pilot:
        app.main.pane.focus()
        await pilot.press("l")
        await until(pilot, lambda: "Copied the link 1 of 2, https://one.example/[red]x (" in toasts(app))
        assert app.clipboard == "https://one.example/[red]x"
        await pilot.press("l", "L")
        await until(pilot, lambda: "Opening link 2 of 2 mailto:two@example.org" in toasts(app))
        app.main.pane.post_message(LinkFollowed("file:///etc/passwd"))
        await until(pilot, lambda: "Only http, https and mailto links are opened" in toasts(app))
    assert opened == ["mailto:two@example.org"]
