"""What the file of a chat is called: the same each time, safe on every file system, and no two chats alike."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC

from chattui.domain.chat import Chat

SLUG_BYTES = 80

_SUFFIXES: Mapping[str, str] = {
    name: suffix
    for suffix, names in {
        "bash": "",
        "bat": "batch cmd",
        "c": "h",
        "cpp": "c++ cc cxx hpp",
        "cs": "csharp c#",
        "css": "",
        "csv": "",
        "dart": "",
        "diff": "patch udiff",
        "ex": "elixir exs",
        "erl": "erlang",
        "fish": "",
        "go": "golang",
        "graphql": "gql",
        "hs": "haskell",
        "html": "htm",
        "ini": "cfg conf",
        "java": "",
        "js": "javascript mjs cjs node",
        "json": "jsonc json5",
        "jsx": "",
        "kt": "kotlin",
        "lua": "",
        "md": "markdown",
        "mk": "make makefile",
        "nix": "",
        "php": "",
        "pl": "perl",
        "proto": "protobuf",
        "ps1": "powershell pwsh",
        "py": "python python3 py3 ipython",
        "r": "",
        "rb": "ruby",
        "rs": "rust",
        "scala": "",
        "scss": "sass",
        "sh": "shell zsh",
        "sql": "postgresql postgres psql plpgsql sqlite mysql",
        "svelte": "",
        "svg": "",
        "swift": "",
        "tex": "latex",
        "tf": "terraform hcl",
        "toml": "",
        "ts": "typescript",
        "tsx": "",
        "vim": "viml",
        "vue": "",
        "xml": "",
        "yaml": "yml",
        "zig": "",
    }.items()
    for name in (suffix, *names.split())
}
"""How files of a language end, by the names that a fence may give it."""


def file_name(chat: Chat, suffix: str, part: tuple[int, int] | None = None) -> str:
    """``2026-03-01-pool-exhausted-17.md``: the day on which it began (UTC), its title, its id.

    A ``part`` of it, from one message to another, is ``2026-03-01-pool-exhausted-17-messages-3-7.md``.
    Letters and digits of any script stay, everything else becomes a hyphen: no separators, no dots, nothing hidden.
    """
    messages = f"-messages-{part[0]}-{part[1]}" if part is not None else ""
    return f"{chat.created_at.astimezone(UTC):%Y-%m-%d}-{slug(chat.title)}-{chat.id}{messages}{suffix}"


def slug(title: str) -> str:
    """A title as lower-case words with hyphens between them, at most ``SLUG_BYTES`` bytes; ``untitled`` for none."""
    plain = unicodedata.normalize("NFKC", title[:400]).lower()
    kept = "".join(c if c.isalnum() else "-" for c in plain)
    words = "-".join(filter(None, kept.split("-")))
    short = words.encode("utf-8", "ignore")[:SLUG_BYTES].decode("utf-8", "ignore")
    return short.strip("-") or "untitled"


_SUFFIXES_OF_MIME: Mapping[str, str] = {
    "application/json": "json",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
}


def attachment_name(seq: int, number: int, mime: str) -> str:
    """``attachment-12-1.png``: by message and number. A kind that is not known is ``.bin``."""
    return f"attachment-{seq}-{number}.{_SUFFIXES_OF_MIME.get(mime.partition(';')[0].strip().lower(), 'bin')}"


def is_name(name: str) -> bool:
    """Whether a file can be called that: one name, without a directory."""
    return name not in ("", ".", "..") and "/" not in name and "\x00" not in name


def block_name(number: int, language: str) -> str:
    """``block-3.py``: a code block by its number in the message. A language that is not known is text."""
    return f"block-{number}.{_SUFFIXES.get(language.lower().removeprefix('.'), 'txt')}"
