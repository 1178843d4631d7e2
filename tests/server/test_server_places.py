"""File systems, socket directories, errors and memory: rules that need no server to be tried."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from chattui.domain.errors import ServerError
from chattui.server.cluster import server_settings
from chattui.server.faults import from_os_error, from_output
from chattui.server.filesystems import refuse_unsafe
from chattui.server.places import Places
from chattui.server.sockets import choose_socket_dir, fits, usual_socket_dir

MOUNTS = """\
24 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
51 24 0:40 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs;path=C:\\;uid=1000
52 24 0:41 / /mnt/d rw,noatime - drvfs D: rw
53 24 0:42 / /home/me rw,relatime - nfs4 server:/home rw,vers=4.2
54 24 0:43 / /home/me/local\\040disk rw,relatime - xfs /dev/sdb1 rw
55 24 0:44 / /shared rw - 9p shared rw,trans=virtio
56 24 0:45 / /media/share rw - cifs //nas/share rw
"""


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/mnt/c/Users/me", "Windows drive"),
        ("/mnt/d/chats", "Windows drive"),
        ("/home/me/.local/share/chattui", "network file system (nfs4)"),
        ("/media/share/x", "network file system (cifs)"),
    ],
)
def test_unsafe_file_systems_are_refused(path, why):
    with pytest.raises(ServerError) as caught:
        refuse_unsafe(Path(path), MOUNTS)
    assert why in str(caught.value)
    assert "CHATTUI_HOME" in str(caught.value)


@pytest.mark.parametrize("path", ["/", "/home/you", "/home/me/local disk/x", "/shared/x", "/mnt/cc", "/home/men"])
def test_local_file_systems_are_fine(path):
    refuse_unsafe(Path(path), MOUNTS)


def test_this_machine_is_fine(tmp_path):
    refuse_unsafe(tmp_path)


def test_the_socket_path_always_fits(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    for length in (10, 60, 90, 200):
        directory = usual_socket_dir(Places(Path("/x" * (length // 2))))
        assert fits(directory)
        assert not directory.exists()


def test_a_directory_of_another_user_or_a_link_is_refused(tmp_path):
    places = Places(Path("/tmp") / f"ct-{os.getpid()}")
    places.root.mkdir(parents=True)
    try:
        (places.root / "s").symlink_to(tmp_path)
        with pytest.raises(ServerError, match="is not a directory"):
            choose_socket_dir(places)
        (places.root / "s").unlink()
        if os.geteuid() == 0:
            (places.root / "s").mkdir(mode=0o700)
            os.chown(places.root / "s", 4242, 4242)
            with pytest.raises(ServerError, match="belongs to another user"):
                choose_socket_dir(places)
            (places.root / "s").rmdir()
    finally:
        places.root.rmdir()
        places.data_dir.rmdir()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_system_errors_become_sentences(number, words):
    error = from_os_error(OSError(number, os.strerror(number), "/x/y"), "Making the database in /x")
    assert str(error).startswith("Making the database in /x failed: ")
    assert words in str(error)
    assert "/x/y" in str(error)
    assert str(error).endswith(".")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ('FATAL:  could not write file "x": No space left on device\n', "disk is full"),
        ("postgres: error while loading shared libraries: libz.so.1: cannot open", "CHATTUI_PG_BIN"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "not enough memory"),
        ('2026 UTC [1] LOG:  x\n2026 UTC [1] FATAL:  lock file "a" is odd\n', 'failed: lock file "a" is odd'),
        ("", "ended without a word"),
    ],
)
def test_program_output_becomes_a_sentence(output, words):
    error = from_output(output, "Starting the database", Path("/l/server.log"))
    assert words in str(error)
    assert "/l/server.log" in str(error)
    assert "\n" not in str(error)


def test_settings_follow_the_memory():
    gigabyte = 1024**3
    assert server_settings(gigabyte)["shared_buffers"] == "256MB"
    assert server_settings(gigabyte)["maintenance_work_mem"] == "64MB"
    assert server_settings(8 * gigabyte)["shared_buffers"] == "512MB"
    assert server_settings(64 * gigabyte)["maintenance_work_mem"] == "1024MB"
    assert server_settings(64 * 1024**2)["shared_buffers"] == "32MB"
    assert not {"fsync", "full_page_writes", "synchronous_commit"} & set(server_settings(gigabyte))
