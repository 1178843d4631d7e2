"""Files of an export: their names, and that each is there whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import chat

from chattui.domain.errors import ExportError
from chattui.export.folder import Folder
from chattui.export.names import SLUG_BYTES, file_name, slug


def name(title: str, **changes: object) -> str:
    return file_name(chat(title, **changes).chat, ".md")


def names_in(directory: Path) -> list[str]:
    return [p.name for p in directory.iterdir()]


def test_names_are_day_title_and_id() -> None:
    assert name("Pool exhausted at midnight!") == "2026-03-01-pool-exhausted-at-midnight-7.md"
    assert name("Größe · 数据库") == "2026-03-01-größe-数据库-7.md"
    assert name("") == name("\u202e/..") == "2026-03-01-untitled-7.md"
    assert name("../../etc/passwd") == "2026-03-01-etc-passwd-7.md"
    assert name("same", id=1) != name("same", id=2)
    assert file_name(chat("A part").chat, ".md", (3, 7)) == "2026-03-01-a-part-7-messages-3-7.md"


@given(st.text(max_size=300))
def test_no_title_makes_a_dangerous_name(title: str) -> None:
    made = slug(title)
    assert made
    assert len(made.encode()) <= SLUG_BYTES
    assert all(c.isalnum() or c == "-" for c in made)
    assert made[0] != "-"


def test_a_file_is_written_and_nothing_else(tmp_path: Path) -> None:
    with Folder(tmp_path / "new" / "deep") as folder:
        assert folder.write("a.md", ["grün", "\n"]) == 6
    assert [p.name for p in (tmp_path / "new" / "deep").iterdir()] == ["a.md"]
    assert (tmp_path / "new" / "deep" / "a.md").read_text() == "grün\n"


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("mine")
    with Folder(tmp_path) as folder:
        with pytest.raises(ExportError, match="is there already") as caught:
            folder.write("a.md", ["x"])
        assert caught.value.exists
        assert (tmp_path / "a.md").read_text() == "mine"
        folder.write("a.md", ["x"], replace=True)
    assert (tmp_path / "a.md").read_text() == "x"
    assert names_in(tmp_path) == ["a.md"]


def test_a_file_that_appears_meanwhile_stays_too(tmp_path: Path) -> None:
    def pieces() -> Iterator[str]:
        yield "x"
        (tmp_path / "a.md").write_text("theirs")

    with Folder(tmp_path) as folder, pytest.raises(ExportError, match="is there already"):
        folder.write("a.md", pieces())
    assert (tmp_path / "a.md").read_text() == "theirs"
    assert names_in(tmp_path) == ["a.md"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "a.md").symlink_to(outside)
    (inside / "b.md").symlink_to(tmp_path / "nowhere")
    with Folder(inside) as folder:
        for each in ("a.md", "b.md"):
            with pytest.raises(ExportError, match="is there already"):
                folder.write(each, ["x"])
            folder.write(each, ["x"], replace=True)
    assert outside.read_text() == "untouched"
    assert not (tmp_path / "nowhere").exists()
    assert not (inside / "a.md").is_symlink()


def test_a_directory_that_is_moved_meanwhile_still_gets_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with Folder(tmp_path / "a") as folder:
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "a").symlink_to("/")
        folder.write("x.md", ["x"])
    assert (tmp_path / "b" / "x.md").exists()


@pytest.mark.parametrize("bad", ["", ".", "..", "a/b", "../x", "a\x00b"])
def test_only_plain_names_are_written(tmp_path: Path, bad: str) -> None:
    with Folder(tmp_path) as folder, pytest.raises(ExportError, match="no name for a file"):
        folder.write(bad, ["x"], replace=True)
    assert names_in(tmp_path) == []


def test_what_fails_while_it_is_written_leaves_nothing(tmp_path: Path) -> None:
    def pieces() -> Iterator[str]:
        yield "half"
        raise RuntimeError("lost")

    with Folder(tmp_path) as folder, pytest.raises(RuntimeError):
        folder.write("a.md", pieces())
    assert names_in(tmp_path) == []


def test_what_is_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "a.md").mkdir()
    with pytest.raises(ExportError, match="cannot be used as a directory"), Folder(tmp_path / "file"):
        pass
    with pytest.raises(ExportError, match="cannot be used as a directory"), Folder(Path("/proc/nowhere")):
        pass
    with Folder(tmp_path) as folder, pytest.raises(ExportError, match="is a directory"):
        folder.write("a.md", ["x"], replace=True)


FULL = """
import resource, sys
from pathlib import Path
from chattui.domain.errors import ExportError
from chattui.export.folder import Folder
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
with Folder(Path(sys.argv[1])) as folder:
    try:
        folder.write("a.md", ("x" * 1000 for _ in range(1000)), replace=True)
    except ExportError as error:
        print(error)
"""


def test_a_disk_that_takes_no_more_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("before")
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "cannot be written: File too large" in done.stdout
    assert names_in(tmp_path) == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "before"


def test_a_directory_that_may_not_be_written_to_is_said(tmp_path: Path) -> None:
    """Also where tests run as root, whom permissions do not hinder: the kernel's own directory takes no files."""
    with Folder(Path("/sys/kernel")) as folder, pytest.raises(ExportError, match="cannot be written"):
        folder.write("a.md", ["x"])
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.geteuid():
        with Folder(closed) as folder, pytest.raises(ExportError, match="Permission denied"):
            folder.write("a.md", ["x"])
    assert names_in(closed) == []
