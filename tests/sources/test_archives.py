"""Zip archives that do harm, or are broken, are one sentence; nothing of them reaches the disk."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from export_makers import Gpt, packed, put

from chattui.domain.errors import SourceError
from chattui.sources import archives
from chattui.sources.archives import Archive
from chattui.sources.chatgpt import ChatGpt


def record() -> object:
    made = Gpt()
    made.say("user", "hello")
    return made.record()


def refused(path: Path) -> str:
    before = sorted(entry.name for entry in path.parent.parent.rglob("*"))
    with pytest.raises(SourceError) as caught:
        list(ChatGpt().read_chats(path, {}))
    assert sorted(entry.name for entry in path.parent.parent.rglob("*")) == before
    words = str(caught.value)
    assert "\n" not in words
    assert str(path) in words
    return words


@pytest.mark.parametrize(
    "name", ["../conversations.json", "/conversations.json", "a/../../b.json", "C:\\b.json", "..\\b.json"]
)
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / "in" / "e.zip", packed({"conversations.json": [record()], name: b"[]"}))
    assert "leads out of the archive" in refused(path)


def test_an_encrypted_one(tmp_path: Path) -> None:
    raw = bytearray(packed({"conversations.json": [record()]}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + at] |= 1
    assert "is encrypted" in refused(put(tmp_path / "in" / "e.zip", bytes(raw)))


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed({"conversations.json": b"[" + b" " * (65 << 20) + b"]"})
    assert len(bomb) < 200_000
    assert "zip bomb" in refused(put(tmp_path / "in" / "e.zip", bomb))
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1 << 20)
    assert "would unpack to more than" in refused(tmp_path / "in" / "e.zip")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 2)
    path = put(tmp_path / "in" / "e.zip", packed({f"{n}.txt": b"" for n in range(3)}))
    assert "more than 2 files" in refused(path)
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    assert "no conversations.json" in refused(path)
    monkeypatch.setattr(archives, "MOST_DIRECTORY", 100)
    assert "more than 3 files" in refused(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_truncated_one(tmp_path: Path, share: float) -> None:
    raw = packed({"conversations.json": [record()], "file-a.bin": os.urandom(5000)})
    assert "cut off" in refused(put(tmp_path / "in" / "e.zip", raw[: int(len(raw) * share)]))


def test_damage_inside_a_member(tmp_path: Path) -> None:
    raw = bytearray(packed({"conversations.json": [record()]}))
    raw[60:90] = b"\xff" * 30
    assert "damaged" in refused(put(tmp_path / "in" / "e.zip", bytes(raw)))


def test_a_member_that_lies_about_its_size_is_not_read_further(tmp_path: Path) -> None:
    path = put(tmp_path / "e.zip", packed({"conversations.json": b"[" + b"1," * 5000 + b"1]"}))
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        size = archive.infolist()[0].file_size
    lying = raw.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(lying)
    with Archive(path) as opened, opened.open("conversations.json") as member, pytest.raises(archives.READ_FAULTS):
        member.read()


def test_archives_without_chats(tmp_path: Path) -> None:
    assert "no conversations.json" in refused(put(tmp_path / "in" / "e.zip", packed({"a.txt": b"hello"})))
    assert "no chat of ChatGPT" in refused(put(tmp_path / "in" / "e.zip", packed({"a.json": [1, {"b": 2}]})))
