"""Opens the app: settings, log, the throw-away database of the demo, and what is left to say at the end."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chattui.tui.data.ahead import ReadAhead
    from chattui.tui.picture import Shown


def launch(
    *,
    database: str | None = None,
    chat: str | None = None,
    search: str | None = None,
    demo: bool = False,
    new: bool = False,
    fresh: bool = False,
    picture: Shown | None = None,
) -> int:
    """Run the app until it is closed; returns the exit code. ``picture`` is what stands in the terminal until then."""
    ahead = None if demo else _read_ahead(database, chat, fresh)
    from chattui.config import load_settings
    from chattui.config.log import start_log
    from chattui.domain.errors import ChattuiError

    try:
        settings = load_settings(os.environ, database=database, lenient=True)
        start_log(settings)
        if demo:
            from chattui.tui.demo import run_demo

            return run_demo(settings)
        from chattui.tui.app import Arguments, ChattuiApp

        arguments = Arguments(chat, search, new, tour=True, database=database, fresh=fresh)
        app = ChattuiApp(settings, arguments, ahead=ahead, picture=picture)
        app.run(mouse=settings.appearance.mouse)
    except ChattuiError as error:
        if picture is not None:
            picture.take_down()
        print(f"chattui: {error}", file=sys.stderr)
        return 1
    return app.return_code or 0


def _read_ahead(database: str | None, chat: str | None, fresh: bool) -> ReadAhead | None:
    """The reader of the first screen, where there is a second core to run it."""
    from chattui.tui.data.ahead import ReadAhead, can_read_ahead, chat_id_of

    try:
        return ReadAhead(database, chat_id_of(chat), fresh=fresh) if can_read_ahead() else None
    except OSError:
        return None
