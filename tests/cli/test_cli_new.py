"""``chattui new`` with a model: the reply is printed as it comes, and kept whatever happens."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator

import pytest
from model_server import ModelServer, serving
from program import Program

from chattui.domain.kinds import Role
from chattui.store import chats, messages, replies
from chattui.store.database import Database

SECRET = (
    "sk-ant-" + "api03-" + "Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4Cd5Ef6Gh7Ij8Kl9Mn0Op1Qr2St3Uv4Wx5Yz6Ab7Cd8Ef9AA"
)


@pytest.fixture(scope="module")
def model_server() -> Iterator[ModelServer]:
    """The models' server."""
    with serving() as server:
        yield server


@pytest.fixture
def asking(chattui: Program, model_server: ModelServer) -> Program:
    """The program, with a model configured."""
    model_server.go.clear()
    model_server.said, model_server.held_after = "Hello **there**", None
    model_server.asked.clear()
    place = chattui.home / "c" / "config"
    place.mkdir(parents=True)
    (place / "config.toml").write_text(f'[models]\nurl = "{model_server.url}"\n')
    return chattui


def newest(db: Database) -> list[tuple[Role, str]]:
    row = chats.recents(db, limit=1)[0]
    return [(m.role, m.content) for m in messages.page(db, row.id, 1, row.message_count)]


def test_the_reply_is_printed_with_nothing_else_and_kept(
    asking: Program, db: Database, model_server: ModelServer
) -> None:
    model_server.said = f"Use {SECRET} or\n\x1b[31mred \x1b]0;owned\x07 text, {{prompt}}"
    done = asking("new", "-", stdin=b"Why is it\nslow?\n")
    assert (done.code, done.err.split()[1:]) == (0, ["Why", "is", "it"])
    assert SECRET not in done.out
    assert done.out.startswith("Use sk-a")
    assert done.out.endswith("or\n␛[31mred ␛]0;owned␇ text, Why is it\nslow?\n")
    assert newest(db) == [
        (Role.USER, "Why is it\nslow?"),
        (Role.ASSISTANT, model_server.said.replace("{prompt}", "Why is it\nslow?")),
    ]
    row = chats.recents(db, limit=1)[0]
    last = messages.page(db, row.id, 2, 2)[0]
    assert (last.model, last.tokens_out, last.parent_seq) == ("echo", 7, 1)
    assert SECRET in asking("new", "--reveal", "again").out


def test_no_reply_is_asked_for_where_none_is_wanted_or_can_be_had(
    asking: Program, db: Database, model_server: ModelServer
) -> None:
    done = asking("new", "--no-reply", "only keep this")
    assert (done.code, done.out.split(maxsplit=1)[1], done.err) == (0, "only keep this\n", "")
    assert not model_server.asked
    (asking.home / "c" / "config" / "config.toml").write_text("")
    assert asking("new", "and this").code == 0
    done = asking("new", "--reply", "not this")
    assert (done.code, "[models] url" in done.err) == (1, True)
    assert "not this" not in [row.title for row in chats.recents(db, limit=9)]


def test_another_model_and_json(asking: Program, db: Database, model_server: ModelServer) -> None:
    done = asking("new", "--model", "other", "--json", "Hello")
    assert done.code == 0
    assert done.json["reply"] == {"model": "other", "content": "Hello **there**", "ended": "stop", "error": None}
    assert done.json["messages"] == 2
    assert model_server.asked[-1]["model"] == "other"
    assert replies.settings(db, done.json["chat_id"]).model == "other", "the chat goes on with it"
    done = asking("new", "--model", "agent:gemini", "Hello")
    assert (done.code, "An agent asks before it acts" in done.err) == (1, True)


def test_what_fails_is_a_sentence_and_the_message_is_kept(asking: Program, db: Database) -> None:
    done = asking("new", "--model", "breaks-off", "Tell me")
    assert done.code == 1
    assert done.out == "As I was say\n"
    assert "The message is kept: chattui --chat" in done.err
    assert "Traceback" not in done.err
    assert newest(db)[:2] == [(Role.USER, "Tell me"), (Role.ASSISTANT, "As I was say")]


def test_the_reply_streams_and_ctrl_c_keeps_what_came(asking: Program, db: Database, model_server: ModelServer) -> None:
    model_server.said, model_server.held_after = "one two three four", 3
    command = asking.command("new", "Count")
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=asking.env,
        cwd=asking.home,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.read(7) == b"one two", "printed while the model still writes"
        running.send_signal(signal.SIGINT)
        running.wait(20)
    assert running.returncode == 130
    assert newest(db) == [(Role.USER, "Count"), (Role.ASSISTANT, "one two three")]
    row = chats.recents(db, limit=1)[0]
    assert (messages.page(db, row.id, 2, 2)[0].metadata or {})["reply"]["why"] == "stopped"
