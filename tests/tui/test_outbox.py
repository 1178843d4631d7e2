"""What waits on the disk while the database is away: in order, each once, whatever is in it."""

from __future__ import annotations

from pathlib import Path

from chattui.domain.replies import File, Reply, ReplyEnd
from chattui.tui.outbox import Outbox, Unsent, UnsentReply


def test_what_waits_comes_back_in_its_order_as_it_was(tmp_path: Path) -> None:
    box = Outbox(tmp_path, "db")
    assert box.is_empty
    first = Unsent("b", None, "one \ud800 \x1b[31m", "/code", None, (File("a", "image/png", b"\x00\xff"),), "b")
    second = Unsent("a", 7, "two", parent=0)
    reply, end = Reply(7, "r", 1, True, "m", "hm", "so"), ReplyEnd("stopped", "", 1, 2, None, 0.5, 80, 1.5)
    box.put(first)
    box.put(second)
    box.put(first)  # sent again: it waits once
    box.put_reply(reply, end)
    again = Outbox(tmp_path, "db")
    assert [item for _, item in again.all()] == [first, second, UnsentReply(reply, end)]
    assert again.unsent() == [first, second]
    assert Outbox(tmp_path, "another").is_empty
    assert all(path.stat().st_mode & 0o077 == 0 for path, _ in again.all())
    again.done(again.all()[0][0])
    box.put(Unsent("c", 7, "three"))
    assert [item.content for item in box.unsent()] == ["two", "three"], "the number goes on: it is not the time"


def test_a_damaged_file_hinders_no_other_and_a_refused_one_is_kept(tmp_path: Path) -> None:
    box = Outbox(tmp_path, "db")
    box.put(Unsent("a", 7, "one"))
    box.put(Unsent("b", 7, "two"))
    (path, _), _ = box.all()
    aside = box.refuse(path)
    path.write_text("{half")
    assert [item.content for item in box.unsent()] == ["two"]
    assert "one" in aside.read_text()
    box.done(path)
    box.done(path)
