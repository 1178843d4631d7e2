"""Rules of the config file: what is left out, what a mistake is answered with, and how a switch is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from chattui.config import load_settings
from chattui.config.rules import Rules, SourceRule, excludes
from chattui.config.switches import switch_source
from chattui.domain.errors import ConfigError

FILE = """# mine
[database]
url = "postgresql://me@db/chats"   # ours

[sources.codex]
# not at work
enabled = false  # for now
exclude = ["~/secret/**", "*.private"]

[sources.claude-code]
paths = ["~/work/.claude", "/srv/claude"]

[projects]
exclude = ["/srv/clients/*/internal"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path / "config" / "config.toml"


def rules(config: Path, text: str | None = None) -> Rules:
    if text is not None:
        config.write_text(text)
    return load_settings({"CHATTUI_HOME": str(config.parent.parent)}).rules


def test_rules_are_read_and_what_the_file_does_not_name_is_on(config: Path) -> None:
    found = rules(config, FILE)
    assert found.of("codex") == SourceRule(False, ("~/secret/**", "*.private"), (), line=5)
    assert found.of("claude-code").paths == ("~/work/.claude", "/srv/claude")
    assert found.projects == ("/srv/clients/*/internal",)
    assert found.of("gemini-cli") == SourceRule()
    config.unlink()
    assert rules(config) == Rules()
    kept = rules(
        config, "[sources]\nkeep-raw = false\n[sources.codex]\nkeep-raw = true\n[sources.goose]\nenabled = true\n"
    )
    assert [kept.keeps_raw(name) for name in ("codex", "goose", "pi")] == [True, False, False]


def test_what_is_said_of_secrets_is_read(config: Path) -> None:
    def said(text: str) -> tuple[bool, bool]:
        config.write_text(text)
        settings = load_settings({"CHATTUI_HOME": str(config.parent.parent)})
        return settings.mask_secrets, settings.mask_at_import

    assert said("") == (True, False)
    assert said("[secrets]\nmask = false\n") == (False, False)
    assert said("[secrets]\nat-import = true\n") == (True, True)


@pytest.mark.parametrize(
    ("pattern", "out", "stays"),
    [
        ("/a/secret", ["/a/secret", "/a/secret/x/y"], ["/a/secrets", "/a", "/b/a/secret", ""]),
        ("/a/secret/", ["/a/secret", "/a/secret/x"], ["/a/secrets"]),
        ("/a/secret/**", ["/a/secret", "/a/secret/x/y"], ["/a/secrets"]),
        ("/a/*/c", ["/a/b/c", "/a/b/c/d"], ["/a/c", "/a/b/b/c"]),
        ("/a/**/c", ["/a/c", "/a/b/c", "/a/b/b/c/d"], ["/a/b", "/b/a/c"]),
        ("/a/?", ["/a/b"], ["/a", "/a/bc"]),
        ("*.private", ["/x/my.private", "/x/my.private/y", "/a.private"], ["/x/my.privates", "/private"]),
        ("clients/acme", ["/x/clients/acme", "/clients/acme/y"], ["/x/clients/other", "/x/myclients/acme"]),
        ("**/tmp", ["/tmp", "/a/tmp/b"], ["/a/tmpl"]),
        ("~/secret", [str(Path("~/secret/x").expanduser())], ["/secret"]),
        ("/a/[b](c)+", ["/a/[b](c)+", "/a/[b](c)+/d"], ["/a/b", "/a/bc"]),
        ("/", ["/", "/a/b"], [""]),
    ],
)
def test_a_pattern_takes_a_directory_and_all_below_it(pattern: str, out: list[str], stays: list[str]) -> None:
    assert [path for path in out + stays if excludes((pattern,), path)] == out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n[sources.codex]\nenabled = 1\n", "line 3, 'sources.codex.enabled' must be true or false"),
        ('[sources.codex]\n\nexclude = "~/x"\n', "line 3, 'sources.codex.exclude' must be a list of texts"),
        ("[sources.codex]\nexclude = [1]\n", "line 2, 'sources.codex.exclude' must be a list of texts"),
        ('[sources.codex]\nexclude = [" "]\n', "line 2, 'sources.codex.exclude' must be a list of texts"),
        ("[sources.codex]\non = true\n", "line 2, has an unknown key 'sources.codex.on'"),
        ('[sources.codex]\npaths = ["x/y"]\n', "line 2, 'sources.codex.paths' must hold whole paths"),
        ("# here\n[sources]\ncodex = false\n", "line 3, 'sources.codex' is a table"),
        ("[projects]\nexclude = true\n", "line 2, 'projects.exclude' must be a list of texts"),
        ("[sources]\nkeep-raw = 1\n", "line 2, 'sources.keep-raw' must be true or false"),
        ("[sources.codex]\nkeep-raw = []\n", "line 2, 'sources.codex.keep-raw' must be true or false"),
        ('[secrets]\nmask = "yes"\n', "line 2, 'secrets.mask' must be true or false"),
        ("[secrets]\nhide = true\n", "line 2, has an unknown key 'secrets.hide': [secrets] knows mask, at-import"),
        ("[projects]\nskip = []\n", "line 2, has an unknown key 'projects.skip': [projects] knows exclude"),
        ("[sources.codex]\nenabled = maybe\n", "at line 2"),
    ],
)
def test_a_mistake_is_told_with_its_line(config: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rules(config, text)
    assert words in str(caught.value)
    assert str(config) in str(caught.value)


def test_a_switch_changes_one_line_and_nothing_else(config: Path) -> None:
    config.write_text(FILE)
    config.chmod(0o640)
    switch_source(config, "codex", True)
    assert config.read_text() == FILE.replace("enabled = false  # for now", "enabled = true  # for now")
    switch_source(config, "codex", False)
    assert config.read_text() == FILE
    switch_source(config, "claude-code", False)
    assert config.read_text() == FILE.replace("[sources.claude-code]\n", "[sources.claude-code]\nenabled = false\n")
    switch_source(config, "pi", False)
    assert config.read_text().endswith('internal"]\n\n[sources.pi]\nenabled = false\n')
    assert config.stat().st_mode & 0o777 == 0o640
    assert [rules(config).of(name).enabled for name in ("codex", "claude-code", "pi", "amp")] == [
        False,
        False,
        False,
        True,
    ]
    assert [entry.name for entry in config.parent.iterdir()] == ["config.toml"], "nothing is left beside it"


def test_a_switch_makes_the_file_where_there_is_none_and_keeps_a_link(config: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles" / "chattui.toml"
    elsewhere.parent.mkdir()
    config.symlink_to(elsewhere)
    switch_source(config, 'an odd "name"', False)
    assert config.is_symlink()
    assert not rules(config).of('an odd "name"').enabled
    switch_source(tmp_path / "new" / "config.toml", "codex", False)
    assert (tmp_path / "new" / "config.toml").read_text() == "[sources.codex]\nenabled = false\n"


@pytest.mark.parametrize(
    "text",
    [
        "sources.codex.enabled = true\n",
        "[sources]\ncodex = { enabled = true }\n",
        '[sources]\n"codex".enabled = true\n',
    ],
)
def test_what_is_written_in_another_way_is_left_to_the_person(config: Path, text: str) -> None:
    config.write_text(text)
    with pytest.raises(ConfigError, match=r"only you can change: put enabled = false under \[sources.codex\]"):
        switch_source(config, "codex", False)
    assert config.read_text() == text


def test_a_mistaken_file_is_not_switched_in(config: Path) -> None:
    config.write_text("[sources.codex\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        switch_source(config, "codex", False)
    assert config.read_text() == "[sources.codex\n"


def test_lines_end_as_they_did(config: Path) -> None:
    config.write_bytes(b"[sources.codex]\r\nenabled = true\r\n[server]\r\nlinger = 5\r\n")
    switch_source(config, "codex", False)
    assert config.read_bytes() == b"[sources.codex]\r\nenabled = false\r\n[server]\r\nlinger = 5\r\n"
