"""Which hosts are meant by an address, and what is asked of them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from chattui.domain.errors import ConfigError
from chattui.sources.registry import all_sources
from chattui.sync.remote import Host, host_of, usual_places


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("ssh://box", Host("box")),
        ("ssh://box/", Host("box")),
        ("ssh:/box", Host("box")),  # as a path it has lost a slash
        ("ssh://nora@box.example:2222/srv/history", Host("box.example", "nora", 2222, "/srv/history")),
        ("ssh://box/~/notes", Host("box", path="/~/notes")),
        ("ssh://[fe80::1]:22/a b", Host("fe80::1", "", 22, "/a b")),
        ("ssh://box/a\nb", Host("box", path="/a\nb")),
        ("box", None),
        ("./ssh://box", None),
    ],
)
def test_addresses(text: str, host: Host | None) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "ssh://-oProxyCommand=id",
        "ssh://-l@box",
        "ssh://box:0",
        "ssh://box:99999",
        "ssh://box;id",
        "ssh://$(id)",
        "ssh://a b",
        "ssh://",
        "ssh://nora:word@box",
        "ssh://bö",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no address of a host"):
        host_of(text)


def test_nothing_of_an_address_is_obeyed_by_a_shell() -> None:
    command = Host("box", "nora", 22, "/it's; rm -rf $HOME `id`").command(["/it's; rm -rf $HOME `id`", "./-x"])
    assert command[:-1] == ["ssh", "-T", "-C", "-p", "22", "--", "nora@box"]
    assert shlex.split(command[-1]) == ["pwd", "&&", "tar", "-cf", "-", "/it's; rm -rf $HOME `id`", "./-x"]


def test_the_usual_places_are_below_the_home_and_hold_no_logins() -> None:
    places = usual_places(all_sources())
    assert {"./.claude/projects", "./.codex/sessions", "./.gemini/tmp", "./.gemini/projects.json"} <= set(places)
    assert "./.codex" not in places
    assert all(place.startswith("./") and ".." not in Path(place).parts for place in places)
