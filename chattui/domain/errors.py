"""The one tree of errors that are shown to a person: each says what failed, on what, and what to do next."""

from __future__ import annotations


class ChattuiError(Exception):
    """Something a person can understand and act on. ``str(error)`` is one or two plain sentences, never a traceback."""


class ConfigError(ChattuiError):
    """A setting, an environment variable or an argument cannot be used."""


class DatabaseError(ChattuiError):
    """The database cannot do what was asked."""


class Unreachable(DatabaseError):
    """No connection: wrong host, server down, wrong password, no such database."""


class Refused(Unreachable):
    """The server is there and does not take the password: asking again changes nothing, and may lock the account."""


class SchemaMismatch(DatabaseError):
    """The database is newer than this program, or older and this role may not migrate it."""


class Conflict(DatabaseError):
    """What was to be changed is not there any more, or was changed by someone else."""


class ReadOnly(DatabaseError):
    """The server takes no changes: a standby."""


class Cancelled(DatabaseError):
    """A statement was cancelled because a newer one made it pointless."""


class ServerError(ChattuiError):
    """The embedded server or a container cannot be started, stopped or found."""


class SourceError(ChattuiError):
    """A history file cannot be read at all."""


class LeftOut(SourceError):
    """A history file whose chat is not to be taken: a rule of the configuration leaves it out. Nothing is wrong with it."""


class NotNow(SourceError):
    """A history cannot be read at this moment, for its tool is writing it. It is tried again, changed or not."""


class ExportError(ChattuiError):
    """An export cannot be written. ``exists``: only because a file of that name is there already."""

    def __init__(self, sentence: str, *, exists: bool = False) -> None:
        super().__init__(sentence)
        self.exists = exists


class BackupError(ChattuiError):
    """A backup cannot be written or read: damaged, cut off, foreign, of a newer program, or its key is missing."""
