"""For pictures of replies and agents: the scripted model and agent of the suite, and times that stand still."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from model_server import ModelServer, serving
from textual.pilot import Pilot

from chattui.store.connection import connect
from chattui.tui.data.live_reply import LiveReply
from chattui.tui.pane import headline

PROMPT = "Which index serves the newest-first walk?"
REPLY = (
    "One GIN index over `(owner, day, block, words)`. A query walks from the **newest day** backwards:\n\n"
    "```sql\nSELECT chat_id, seq\n  FROM messages\n WHERE owner = current_user\n   AND day = $1 AND words @@ $2\n"
    " ORDER BY created_at DESC;\n```\n\n"
    "It stops as soon as the page is full, so the commonest word costs as little as the rarest. A day without a hit "
    "costs one look at its block of sixteen."
)
WORDS_SEEN = 52
"""Words of the reply that stand in the picture of one that is being written."""

MEND = "Mend the pool: it is exhausted at midnight"

_STILL = """
CREATE FUNCTION chattui.stand_still() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.created_at := '{moment}';
  RETURN NEW;
END $$;
CREATE TRIGGER a_stand_still BEFORE INSERT ON chattui.messages FOR EACH ROW EXECUTE FUNCTION chattui.stand_still();
CREATE TRIGGER a_stand_still BEFORE INSERT ON chattui.chats FOR EACH ROW EXECUTE FUNCTION chattui.stand_still();
"""


def stand_still(conninfo: str, now: datetime) -> None:
    """What is written into this database from now on was written ten seconds before ``now``."""
    with connect(conninfo, autocommit=True) as conn:
        conn.execute(_STILL.format(moment=(now - timedelta(seconds=10)).isoformat()).encode())


@contextmanager
def speaking(config: Path, *, more: str = "") -> Iterator[ModelServer]:
    """A model and an agent, configured in this directory. How long they take is told as it was once."""
    config.mkdir(parents=True, exist_ok=True)
    agent = Path(__file__).with_name("acp_agent.py")
    with (
        serving() as server,
        patch.object(LiveReply, "status", _status),
        patch.object(headline, "duration", lambda _: "0.4s"),
    ):
        server.said = REPLY
        (config / "config.toml").write_text(
            f'[models]\nurl = "{server.url}"\n[agents.scripted]\ncommand = ["{sys.executable}", "{agent}"]\nacp = true\n{more}'
        )
        yield server


def _status(live: LiveReply) -> str:
    return f"{live.model or 'asking'} · 3 s · ≈120 tokens · ≈52/s"


def seen(app: Any) -> str:
    """The screen as text."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


def is_halfway(app: Any) -> bool:
    """Whether as much of the reply is shown as the picture shows, and who makes it."""
    shown = seen(app)
    return "commonest word costs" in shown and "echo · 3 s" in shown


def has_models(app: Any) -> bool:
    """Whether the names of the models are there."""
    return "agent:scripted" in seen(app) and "echo" in seen(app)


def is_mended(app: Any) -> bool:
    """Whether the agent's turn is over and stored."""
    return "Nothing is committed" in seen(app) and not app.main.session.replies.any_live


async def open_the_edit(pilot: Pilot[Any]) -> None:
    """Show what the agent has changed, and what it intends."""
    main: Any = pilot.app.screen
    main.pane.focus()
    feed = main.pane.feed
    for seq in range(feed.count, 0, -1):
        message = feed.get(seq)
        if message.content.startswith("Plan:") or (message.tool is not None and message.tool.name == "edit"):
            main.pane.go_to_message(seq)
            await pilot.press("enter")
    await pilot.press("end")
