"""Which models are asked for replies, and with which key: the table [models] of the config file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chattui.config.options import Value, option, seconds

DEFAULT_QUIET = 300.0


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """``default`` is asked where a chat names no model; ``url`` is a server that speaks OpenAI's protocol, with the key
    that one of ``key``, ``key_file`` and ``key_env`` gives, if any. ``options`` go to every model. After ``quiet``
    seconds without a word from it, a model is given up. ``titles``: a new chat's title is asked for, of ``title_model`` or of
    the model that replied. ``notify``: how it is told that a reply is there which is not seen: "bell" (with a line on the
    screen), "line" or "never"."""

    default: str = ""
    url: str = ""
    key: str = field(default="", repr=False)
    key_file: str = ""
    key_env: str = ""
    system: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    quiet: float = DEFAULT_QUIET
    titles: bool = True
    title_model: str = ""
    notify: str = "bell"
    origin: str = ""  # the config file, which may hold the key

    def as_json(self) -> dict[str, Any]:
        """For the process that asks the model."""
        return asdict(self)

    @staticmethod
    def from_json(fields: dict[str, Any]) -> ModelSettings:
        """What ``as_json`` gave."""
        return ModelSettings(**fields)

    @property
    def is_configured(self) -> bool:
        """Whether a reply can be asked for without more being said: here, or by what the ``llm`` tool was told.

        Looks at a few small files; imports nothing.
        """
        return bool(self.default or self.url) or _llm_is_configured(os.environ)


def _llm_is_configured(env: Mapping[str, str]) -> bool:
    if env.get("OPENAI_API_KEY"):
        return True
    place = llm_directory(env)
    if (place / "default_model.txt").exists():
        return True
    import json  # which the first paint does without

    try:
        keys = json.loads((place / "keys.json").read_text())
        return isinstance(keys, dict) and any(not name.startswith("//") for name in keys)
    except (OSError, ValueError):
        return False


def llm_directory(env: Mapping[str, str]) -> Path:
    """Where the ``llm`` tool keeps keys and aliases, found as it finds it."""
    if named := env.get("LLM_USER_PATH"):
        return Path(named)
    if sys.platform == "darwin":  # as click.get_app_dir has it, which takes 30 ms to import
        return Path("~/Library/Application Support/io.datasette.llm").expanduser()
    return Path(env.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "io.datasette.llm"


def model_settings(values: Mapping[str, Value], config_file: Path) -> ModelSettings:
    """What the file says, and the defaults."""
    table: dict[str, Any] = {
        name.removeprefix("models."): value for name, value in values.items() if name.startswith("models.")
    }
    quiet = seconds(table.pop("quiet", option("models.quiet").default)) or float("inf")
    assert isinstance(quiet, float)
    return ModelSettings(**table, quiet=quiet, origin=str(config_file))
