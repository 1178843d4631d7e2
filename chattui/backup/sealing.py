"""Encryption with age (age-encryption.org/v1), by pyrage, the binding of its implementation in Rust.

For recipients (``age1…``, ``ssh-ed25519 …``, ``ssh-rsa …``) the file is an age file as any other: ``age -d -i KEY FILE | tar x``.

With a passphrase the file begins with a line, and with a key of its own that age has encrypted with the passphrase, as text;
after it comes the age file for that key. Cut in two behind ``-----END AGE ENCRYPTED FILE-----``, age opens both parts.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from chattui.domain.errors import BackupError, ConfigError

_SEALED = b"chattui backup, sealed with a passphrase\n"
_AGE = b"age-encryption.org/v1\n"
_ENDS = b"-----END AGE ENCRYPTED FILE-----\n"
_KEY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Seal:
    """For whom a backup is encrypted: recipients, or whoever knows the passphrase. Neither: it is not."""

    recipients: tuple[str, ...] = ()
    passphrase: str | None = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return bool(self.recipients or self.passphrase)


@dataclass(frozen=True, slots=True)
class Keys:
    """With what a backup may be opened: files of age or ssh identities, and somebody to ask for a passphrase."""

    files: tuple[Path, ...] = ()
    ask: Callable[[], str | None] = field(default=lambda: None, repr=False)


def recipient(text: str) -> Any:
    """What pyrage encrypts to. Raises ``ConfigError``."""
    import pyrage

    text = text.strip()
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise ConfigError(
            "A recipient is written as age1… (age-keygen prints it) or as the line of an ssh public key (ssh-ed25519 …): "
            f"'{text[:20]}…' is none."
        ) from error


@contextmanager
def sealed(file: IO[bytes], seal: Seal) -> Iterator[IO[bytes]]:
    """A stream whose bytes go into ``file`` encrypted; all of them are there when it ends without an error."""
    if not seal:
        yield file
        return
    import pyrage

    recipients = [recipient(text) for text in seal.recipients]
    if seal.passphrase is not None:
        identity = pyrage.x25519.Identity.generate()
        file.write(_SEALED + pyrage.passphrase.encrypt(str(identity).encode(), seal.passphrase, armored=True))
        recipients.append(identity.to_public())
    with _piped(lambda source: pyrage.encrypt_io(source, file, recipients)) as stream:
        yield stream


@contextmanager
def unsealed(file: IO[bytes], keys: Keys, name: str) -> Iterator[IO[bytes]]:
    """The backup's own bytes. Raises ``BackupError`` when the key is missing or wrong."""
    start = file.tell()
    beginning = file.read(len(_SEALED))
    file.seek(start)
    if not beginning.startswith((_SEALED, _AGE)):
        yield file
        return
    identities = _from_passphrase(file, keys, name) if beginning == _SEALED else _from_files(keys, name)
    import pyrage

    with _drained(lambda sink: pyrage.decrypt_io(file, sink, identities), name) as stream:
        yield stream


def is_sealed(file: IO[bytes]) -> bool:
    """Whether a file is encrypted, by its beginning."""
    file.seek(0)
    beginning = file.read(len(_SEALED))
    file.seek(0)
    return beginning.startswith((_SEALED, _AGE))


def _from_passphrase(file: IO[bytes], keys: Keys, name: str) -> list[Any]:
    import pyrage

    text = file.read(_KEY_BYTES)
    end = text.find(_ENDS)
    if end < 0:
        raise BackupError(f"{name} is damaged: the key that it begins with is not whole.")
    file.seek(end + len(_ENDS) - len(text), os.SEEK_CUR)
    passphrase = keys.ask()
    if passphrase is None:
        raise BackupError(
            f"{name} is encrypted with a passphrase. Run it in a terminal, which is asked for it, or name a file that holds it "
            "with --passphrase-file."
        )
    try:
        key = pyrage.passphrase.decrypt(text[len(_SEALED) : end + len(_ENDS)], passphrase)
        return [pyrage.x25519.Identity.from_str(key.decode())]
    except (pyrage.DecryptError, pyrage.IdentityError, UnicodeDecodeError) as error:
        raise BackupError(f"The passphrase is not the one that {name} was encrypted with.") from error


def _from_files(keys: Keys, name: str) -> list[Any]:
    if not keys.files:
        raise BackupError(f"{name} is encrypted for a key. Name the file that holds it with --identity.")
    return [identity for path in keys.files for identity in _identities(path)]


def _identities(path: Path) -> list[Any]:
    import pyrage

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The key {path} cannot be read: {error.strerror}.") from error
    try:
        if content.startswith(b"-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = (line.strip() for line in content.decode().splitlines())
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (pyrage.IdentityError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} holds no key of age or ssh that can be read.") from error
    if not found:
        raise ConfigError(f"{path} holds no key of age or ssh that can be read.")
    return found


@contextmanager
def _piped(consume: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """A stream that is read by ``consume`` on a thread of its own, whose error is raised here."""
    reading, writing = os.pipe()
    failed: list[BaseException] = []

    def run() -> None:
        with os.fdopen(reading, "rb", 1 << 18) as source:
            try:
                consume(source)
            except BaseException as error:
                failed.append(error)

    thread = threading.Thread(target=run, name="chattui-seal", daemon=True)
    thread.start()
    stream = os.fdopen(writing, "wb", 1 << 18)
    try:
        yield stream
        stream.close()
    except BrokenPipeError:
        pass
    finally:
        _close(stream)
        thread.join()
    if failed:
        raise failed[0]


@contextmanager
def _drained(produce: Callable[[IO[bytes]], None], name: str) -> Iterator[IO[bytes]]:
    """A stream that is written by ``produce`` on a thread of its own. Who stops reading before its end stops it."""
    reading, writing = os.pipe()
    failed: list[BaseException] = []

    def run() -> None:
        sink = os.fdopen(writing, "wb", 1 << 18)
        try:
            produce(sink)
            sink.flush()
        except BaseException as error:
            failed.append(error)
        _close(sink)

    thread = threading.Thread(target=run, name="chattui-unseal", daemon=True)
    thread.start()
    stream = os.fdopen(reading, "rb", 1 << 18)
    try:
        yield stream
    except BackupError as error:
        stream.close()
        thread.join()
        if failed and not isinstance(failed[0], BrokenPipeError):
            raise _not_opened(failed[0], name) from error
        raise
    finally:
        stream.close()
        thread.join()


def _not_opened(error: BaseException, name: str) -> BackupError:
    if "matching" in str(error).lower():
        return BackupError(f"{name} was encrypted for another key than those that were named.")
    return BackupError(f"{name} is damaged or was cut off: what was encrypted does not open ({error}).")


def _close(stream: IO[bytes]) -> None:
    with suppress(OSError):
        stream.close()
