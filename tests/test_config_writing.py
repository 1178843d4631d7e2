"""Changing the config file by program: one key changes, everything else stays as a person wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chattui.config.file import read_config_file
from chattui.config.options import Value
from chattui.config.writing import reset_option, write_option
from chattui.domain.errors import ConfigError

FILE = """# mine
[appearance]   # looks
theme = "nord"  # cold

# about the server
[server]
linger = "5m"

[keys]
app.new = "ctrl+g"

[sources.codex]
enabled = false # not at work

[projects]
exclude = [
    "~/one",  # a
]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


@pytest.mark.parametrize(
    ("table", "key", "value", "before", "after"),
    [
        ("appearance", "theme", "dracula", 'theme = "nord"  # cold', 'theme = "dracula"  # cold'),
        ("appearance", "icons", False, "# cold\n", "# cold\nicons = false\n"),
        ("keys", "app.new", "f5", '"ctrl+g"', '"f5"'),
        ("keys", "screen.help", "f5", '"ctrl+g"\n', '"ctrl+g"\n"screen.help" = "f5"\n'),
        ("sources.codex", "enabled", True, "= false #", "= true #"),
        ("sources.codex", "exclude", ("a", "b"), "at work\n", 'at work\nexclude = ["a", "b"]\n'),
        ("log", "level", "debug", "]\n\x00", ']\n\n[log]\nlevel = "debug"\n'),
    ],
)
def test_one_key_is_set_and_nothing_else_changes(
    config: Path, table: str, key: str, value: Value, before: str, after: str
) -> None:
    write_option(config, table, key, value)
    assert config.read_text() == (FILE + "\x00").replace(before, after).rstrip("\x00")
    assert [entry.name for entry in config.parent.iterdir()] == ["config.toml"], "nothing is left beside it"


def test_what_is_reset_is_gone_and_the_comments_stay(config: Path) -> None:
    reset_option(config, "appearance", "theme")
    reset_option(config, "keys", "app.new")
    reset_option(config, "log", "level")
    reset_option(config, "sources.pi", "enabled")
    text = config.read_text()
    assert "nord" not in text
    assert "ctrl+g" not in text
    for comment in ("# mine", "# looks", "# about the server", "# not at work", "# a\n"):
        assert comment in text
    assert not read_config_file(config, required=True).keys


def test_a_file_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    reset_option(path, "log", "level")
    assert not path.exists()
    write_option(path, "log", "level", "debug")
    write_option(path, "sources.codex", "enabled", False)
    assert path.read_text() == '[log]\nlevel = "debug"\n\n[sources.codex]\nenabled = false\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_inline_and_dotted_tables_are_changed_where_they_stand(config: Path) -> None:
    config.write_text("sources.codex.enabled = true\nappearance = {icons = true}\n")
    write_option(config, "sources.codex", "enabled", False)
    write_option(config, "appearance", "icons", False)
    assert config.read_text() == "sources.codex.enabled = false\nappearance = {icons = false}\n"


def test_lines_end_as_they_did(config: Path) -> None:
    config.write_bytes(b"[log]\r\n\r\n[server]\r\nlinger = 5\r\n")
    write_option(config, "log", "level", "debug")
    assert config.read_bytes() == b'[log]\r\nlevel = "debug"\r\n\r\n[server]\r\nlinger = 5\r\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[log\n", r"not valid TOML: .* Mend it first: chattui config edit"),
        ("log = 5\n", r'only you can change: put level = "debug" under \[log\]'),
    ],
)
def test_what_cannot_be_changed_is_left_as_it_is(config: Path, text: str, words: str) -> None:
    config.write_text(text)
    with pytest.raises(ConfigError, match=words):
        write_option(config, "log", "level", "debug")
    assert config.read_text() == text
