"""A tar from elsewhere: what is unpacked, and what is refused."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from chattui.domain.errors import SourceError
from chattui.sync.unpack import unpack

NAME = ".claude/projects/p/a.jsonl"


def member(
    name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, link: str = "", mtime: int = 7
) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname, made.mtime = kind, size, link, mtime
    made.mode = 0o4777
    return made


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]], mode: str = "w:") -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for about, data in members:
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    return io.BytesIO(packed.getvalue())


def below(place: Path) -> list[str]:
    return sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if not p.is_dir())


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:xz"])
@pytest.mark.parametrize("name", [NAME, f"./{NAME}", f"/{NAME}", f"//{NAME}"])
def test_files_are_unpacked_for_this_person_alone(tmp_path: Path, mode: str, name: str) -> None:
    told: list[int] = []
    assert unpack(tar([(member(name), b"content")], mode), tmp_path, told.append) == 1
    made = tmp_path / NAME
    assert made.read_bytes() == b"content"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.parent.stat().st_mode) & 0o077 == 0
    assert made.stat().st_mtime == 7
    assert told == [7]


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/../out", "..", "a/.."])
def test_a_path_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    place = tmp_path / "in"
    place.mkdir()
    with pytest.raises(SourceError, match="leads outside, so nothing was imported"):
        unpack(tar([(member(name), b"x")]), place)
    assert below(tmp_path) == []


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_what_is_no_plain_file_is_left_out(tmp_path: Path, kind: bytes) -> None:
    aside = tmp_path / "aside"
    aside.write_text("mine")
    place = tmp_path / "in"
    place.mkdir()
    odd = member("a", kind, link=str(aside))
    assert unpack(tar([(odd, b""), (member("b"), b"x")]), place) == 1
    assert below(place) == ["b"]
    assert aside.read_text() == "mine"


def test_a_link_and_then_a_file_in_its_place_stays_inside(tmp_path: Path) -> None:
    aside, place = tmp_path / "aside", tmp_path / "in"
    aside.mkdir()
    place.mkdir()
    unpack(tar([(member("a", tarfile.SYMTYPE, link=str(aside)), b""), (member("a/b"), b"x")]), place)
    assert list(aside.iterdir()) == []
    assert below(place) == ["a/b"]


def test_what_tools_log_in_with_is_not_unpacked(tmp_path: Path) -> None:
    names = [".codex/auth.json", ".gemini/oauth_creds.json", ".claude/.credentials.json"]
    assert unpack(tar([(member(n), b"secret") for n in names]), tmp_path) == 0
    assert below(tmp_path) == []


def test_a_file_that_comes_again_is_the_later_one(tmp_path: Path) -> None:
    unpack(tar([(member("a"), b"long content"), (member("a"), b"short")]), tmp_path)
    assert (tmp_path / "a").read_bytes() == b"short"


def test_too_much_is_refused(tmp_path: Path) -> None:
    zeros = tar([(member("bomb"), bytes(30_000_000))], "w:gz")
    assert len(zeros.getvalue()) < 100_000
    with pytest.raises(SourceError, match="came: name a smaller directory"):
        unpack(zeros, tmp_path, most_bytes=10_000_000)
    assert sum(p.stat().st_size for p in tmp_path.iterdir()) <= 10_000_000


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_claims_gigabytes_is_refused(tmp_path: Path, kind: bytes) -> None:
    head = member("x", kind, size=3 << 30).tobuf(tarfile.GNU_FORMAT)
    with pytest.raises(SourceError, match="a header is too large"):
        unpack(io.BytesIO(head + bytes(4096)), tmp_path)


@pytest.mark.parametrize(
    "data",
    [b"", b"no tar at all", b"\xffabc" * 1024, tar([(member("a"), b"x" * 5000)]).getvalue()[:2000]],
    ids=["nothing", "text", "bytes", "cut"],
)
def test_what_is_no_whole_tar_is_said(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match="is no whole tar"):
        unpack(io.BytesIO(data), tmp_path)


def test_a_broken_packed_stream_is_said(tmp_path: Path) -> None:
    packed = tar([(member("a"), os.urandom(50_000))], "w:gz").getvalue()
    with pytest.raises(SourceError, match="cannot be unpacked"):
        unpack(io.BytesIO(packed[:20_000]), tmp_path)


def test_a_file_where_a_directory_is_needed_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be unpacked into"):
        unpack(tar([(member("a"), b"x"), (member("a/b"), b"y")]), tmp_path)
