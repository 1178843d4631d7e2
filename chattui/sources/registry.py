"""The sources there are, chattui's own and those of installed packages, and which of them a file belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from chattui.domain.errors import SourceError
from chattui.sources.head import Head
from chattui.sources.plugins import installed
from chattui.sources.protocol import Source

OWN: Final = {
    "claude-code": "chattui.sources.claude_code:ClaudeCode",
    "codex": "chattui.sources.codex:Codex",
    "gemini-cli": "chattui.sources.gemini_cli:GeminiCli",
    "copilot-cli": "chattui.sources.copilot_cli:CopilotCli",
    "pi": "chattui.sources.pi:Pi",
    "cursor": "chattui.sources.cursor:Cursor",
    "aider": "chattui.sources.aider:Aider",
    "opencode": "chattui.sources.opencode:OpenCode",
    "goose": "chattui.sources.goose:Goose",
    "crush": "chattui.sources.crush:Crush",
    "llm": "chattui.sources.llm:Llm",
    "elia": "chattui.sources.elia:Elia",
    "oterm": "chattui.sources.oterm:Oterm",
    "ollama": "chattui.sources.ollama_app:OllamaApp",
    "continue": "chattui.sources.continue_dev:Continue",
    "amp": "chattui.sources.amp:Amp",
    "vscode-chat": "chattui.sources.vscode_chat:VSCodeChat",
    "lm-studio": "chattui.sources.lm_studio:LmStudio",
    "chatgpt": "chattui.sources.chatgpt:ChatGpt",
    "claude-ai": "chattui.sources.claude_ai:ClaudeAi",
    "open-webui": "chattui.sources.open_webui:OpenWebUi",
    "transcript": "chattui.sources.transcripts:Transcripts",
    "chattui-json": "chattui.sources.chattui_json:ChattuiJson",
}
"""chattui's own sources, in the order in which they are shown; the same entry points as in pyproject.toml. They are
known without reading the metadata of installed packages, so that a checkout and a broken installation have them too."""

HISTORY_SUFFIXES: Final = frozenset(
    {".jsonl", ".zst", ".json", ".md", ".db", ".sqlite", ".sqlite3", ".vscdb", ".zip", ".vtt", ".srt"}
)
"""How files end that are looked at in a folder that a person names; a file named itself is looked at in any case."""

LOOKED_AT: Final = 50
"""Records that are looked at, at most, to tell a file's format."""

_ASKED_FIRST: Final = ("chattui-json", "codex", "pi", "copilot-cli", "gemini-cli", "vscode-chat")
_ASKED_LAST: Final = ("cursor", "claude-code", "transcript")
"""In which order sources are asked about a file: the surest marks first, and last the formats without one that only
they have. The others, and those of other packages, are asked between."""


@cache
def all_sources() -> tuple[Source, ...]:
    """Every source, in the order in which they are shown: chattui's own, then those of installed packages.

    What is installed but does not work is left out; ``plugins.faults`` tells of it.
    """
    own = tuple(_own(where) for where in OWN.values())
    return own + installed(frozenset(one.name for one in own), frozenset(OWN.values()))


def source(name: str) -> Source:
    """The source of that name. Raises ``SourceError`` when there is none."""
    for one in all_sources():
        if one.name == name:
            return one
    known = ", ".join(one.name for one in all_sources())
    raise SourceError(f"There is no source named {name!r}. The sources are: {known}.")


def recognise(path: Path, sources: Sequence[Source] | None = None, *, named: bool = True) -> Source | None:
    """The source whose format a file has, by its beginning; None when it is none of them, or cannot be read.

    Of ``sources`` alone, if given: a file of another one's format is None then. A file that was only found in a folder
    is not ``named``: a text is no chat then, whatever stands in it.
    """
    head = Head(path, named=named)
    for depth in (1, LOOKED_AT):
        head.deepen(depth)
        for one in _asked():
            if one.recognises(head):
                return one if sources is None else next((given for given in sources if given.name == one.name), None)
    return None


def _asked() -> tuple[Source, ...]:
    def place(one: Source) -> int:
        if one.name in _ASKED_FIRST:
            return _ASKED_FIRST.index(one.name)
        return len(_ASKED_FIRST) + (1 + _ASKED_LAST.index(one.name) if one.name in _ASKED_LAST else 0)

    return tuple(sorted(all_sources(), key=place))


def _own(where: str) -> Source:
    module, _colon, name = where.partition(":")
    made: Source = getattr(import_module(module), name)()
    return made
