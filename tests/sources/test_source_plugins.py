"""Sources of other packages are found by their entry point; a broken one is a sentence, and takes nothing with it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from histories import Claude, write

from chattui.domain.errors import SourceError
from chattui.domain.history import HistoryFile
from chattui.sources import plugins, registry
from chattui.sources.protocol import Source
from chattui.sync.looking import look

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLE = (CHECKOUT / "docs" / "sources.md").read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
"""The source that the documentation shows."""

PLUGIN = """
class Broken(Diary):
    name = "broken"
    label = "Broken"

    def roots(self, env, home):
        return (home,)

    def recognises(self, head):
        raise KeyError("no")

    def discover(self, root, report):
        raise KeyError("gone")

    def read(self, path, **rest):
        raise KeyError("torn")


class Twin(Diary):
    name = "codex"


Nothing = int
"""
ENTRIES = """
[chattui.sources]
broken = diary_plugin:Broken
diary = diary_plugin:Diary
missing = diary_plugin:Missing
nothing = diary_plugin:Nothing
twin = diary_plugin:Twin
codex = chattui.sources.codex:Codex
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Source]]:
    """The sources with a package installed that offers good and bad ones."""
    package = tmp_path / "site"
    about = package / "diary_plugin-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: diary-plugin\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRIES)
    (package / "diary_plugin.py").write_text(EXAMPLE + PLUGIN)
    monkeypatch.syspath_prepend(str(package))
    monkeypatch.setattr(plugins, "_faults", [])
    registry.all_sources.cache_clear()
    yield {one.name: one for one in registry.all_sources()}
    registry.all_sources.cache_clear()


def test_an_installed_source_is_found_and_reads_as_documented(sources: dict[str, Source], tmp_path: Path) -> None:
    assert list(sources) == [*registry.OWN, "broken", "diary"]
    path = tmp_path / "diary" / "monday.diary"
    path.parent.mkdir()
    path.write_text("Dear diary, nothing.")
    [file] = sources["diary"].discover(tmp_path / "diary", lambda path, why: pytest.fail(why))
    assert (file.path, file.source, file.whole) == (path, "diary", True)
    [chunk] = sources["diary"].read(path)
    assert (chunk.messages[0].content, chunk.chat.title) == ("Dear diary, nothing.", "Dear diary, nothing.")
    with pytest.raises(SourceError, match="Cannot read"):
        list(sources["diary"].read(tmp_path / "missing"))
    assert registry.recognise(path) is sources["diary"]
    assert registry.source("codex").label == "Codex"


def test_what_cannot_be_loaded_is_a_sentence_each(sources: dict[str, Source]) -> None:
    missing, nothing, twin = plugins.faults()
    assert missing.startswith("The source 'missing' (diary_plugin:Missing) cannot be used: AttributeError: ")
    assert (
        nothing == "The source 'nothing' (diary_plugin:Nothing) cannot be used: it is not what chattui calls a source."
    )
    assert twin == "The source 'twin' (diary_plugin:Twin) cannot be used: there is a source named 'codex' already."


def test_a_source_that_fails_stops_no_other(sources: dict[str, Source], tmp_path: Path) -> None:
    session = Claude()
    session.user("go")
    path = write(tmp_path / ".claude" / "projects" / "-w" / f"{session.session}.jsonl", session.records)
    looked = look(list(sources.values()), {}, tmp_path)
    assert [(source.name, file.path) for source, file in looked.found] == [("claude-code", path)]
    assert [fault.reason for fault in looked.faults] == ["Broken could not look here: KeyError: 'gone'"]
    known = registry.recognise(path)
    assert known is not None
    assert known.name == "claude-code"
    with pytest.raises(SourceError, match=r"Broken could not read .*: KeyError: 'torn'"):
        list(sources["broken"].read(path))


def test_our_own_are_the_entry_points_of_the_package() -> None:
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        declared = tomllib.load(file)["project"]["entry-points"][plugins.GROUP]
    assert declared == registry.OWN
    for name, one in zip(registry.OWN, registry.all_sources(), strict=False):
        assert isinstance(one, Source)
        assert one.name == name


def test_nothing_is_looked_up_when_the_registry_is_imported() -> None:
    program = "import chattui.sources.registry, sys; print('importlib.metadata' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_every_source_is_in_the_documentation() -> None:
    table = (CHECKOUT / "docs" / "sources.md").read_text(encoding="utf-8")
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    for one in registry.all_sources():
        assert f"| `{one.name}` |" in table
        assert one.label.replace("chattui's own JSON", "chattui") in readme


def test_a_file_says_whether_it_is_read_whole(tmp_path: Path) -> None:
    folder = tmp_path / ".codex" / "sessions"
    write(folder / "rollout-a.jsonl", b"{}\n")
    write(folder / "rollout-b.jsonl.zst", b"")
    found: list[HistoryFile] = list(registry.source("codex").discover(tmp_path / ".codex", lambda p, why: None))
    assert {file.path.suffix: file.whole for file in found} == {".jsonl": False, ".zst": True}
