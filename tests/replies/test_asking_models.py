"""Replies over real HTTP, in the real process: what servers do well and badly, and what is told of it."""

from __future__ import annotations

import queue
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from model_server import KEY, NAMES, ModelServer

from chattui.config import load_settings
from chattui.config.models import ModelSettings
from chattui.replies import request as requests
from chattui.replies.events import (
    Ended,
    Event,
    Failed,
    Models,
    Session,
    Started,
    Text,
    Thinking,
    ToolCall,
    Usage,
    Warned,
    decode,
    encode,
)
from chattui.replies.process import Asker
from chattui.replies.request import File, Request, Turn

PATIENCE = 20.0


def hear(asker: Asker, request: Request) -> list[Event]:
    """Every event of one request."""
    told: queue.Queue[Event] = queue.Queue()
    asker.ask(request, told.put)
    heard: list[Event] = []
    while not heard or not isinstance(heard[-1], Ended | Failed):
        heard.append(told.get(timeout=PATIENCE))
    return heard


def ask(asker: Asker, server: ModelServer, model: str = "", prompt: str = "hi", **more: Any) -> list[Event]:
    return hear(asker, Request(ModelSettings(url=server.url), (Turn("user", prompt),), model, **more))


def text(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


def test_a_server_needs_nothing_but_its_url(asker: Asker, model_server: ModelServer) -> None:
    bare = ModelSettings(url=model_server.url.removeprefix("http://"))
    events = hear(asker, Request(bare, (Turn("user", "hi"),)))
    assert events[0] == Started("echo"), "the first model that it lists"
    assert text(events) == "Hello **there**"
    assert events[-2:] == [Usage(12, 7, 4, 0.00125), Ended("stop")]


def test_the_whole_conversation_the_system_prompt_files_and_options_are_sent(
    asker: Asker, model_server: ModelServer
) -> None:
    files = (File("a.py", "text/x-python", b"print(1) # ```"), File("b.png", "image/png", b"\x89PNG\r\n\x1a\n"))
    turns = (Turn("user", "one"), Turn("assistant", "two"), Turn("user", "three", files))
    settings = ModelSettings(url=model_server.url, options={"temperature": 0.5, "no_such": 1})
    hear(asker, Request(settings, turns, "echo", "Be brief.", {"max_tokens": 9}))
    asked = model_server.asked[-1]
    assert (asked["temperature"], asked["max_tokens"]) == (0.5, 9)
    assert [m["role"] for m in asked["messages"]] == ["system", "user", "assistant", "user"]
    assert [m["content"] for m in asked["messages"][:3]] == ["Be brief.", "one", "two"]
    said, picture = asked["messages"][3]["content"]
    assert said["text"] == "a.py:\n````\nprint(1) # ```\n````\n\nthree"
    assert picture["image_url"]["url"].startswith("data:image/png;base64,iVBORw0KGgo")


def test_models_keys_and_aliases_of_the_llm_tool_work(asker: Asker, model_server: ModelServer) -> None:
    none = ModelSettings()
    assert text(hear(asker, Request(none, (Turn("user", "hi"),)))) == "Hello **there**", "its default model"
    assert hear(asker, Request(none, (Turn("user", "hi"),), "m"))[0] == Started("mine"), "an alias"
    assert isinstance(hear(asker, Request(none, (Turn("user", "hi"),), "none-such"))[-1], Failed)
    names = hear(asker, Request(ModelSettings(url=model_server.url)))[0]
    assert isinstance(names, Models)
    assert names.names[:2] == NAMES
    assert "mine" in names.names
    assert names.default == "echo"


def test_a_key_goes_only_to_its_server_and_is_warned_of_when_others_can_read_it(
    asker: Asker, model_server: ModelServer, key_file: Path
) -> None:
    settings = ModelSettings(url=model_server.url, key_file=str(key_file))
    assert not [e for e in hear(asker, Request(settings, (Turn("user", "hi"),))) if isinstance(e, Warned)]
    assert model_server.keys[-1] == "Bearer sk-mine-0123456789abcdef"
    ask(asker, model_server)
    assert "sk-mine" not in model_server.keys[-1]
    key_file.chmod(0o644)
    first = hear(asker, Request(settings, (Turn("user", "hi"),)))[0]
    assert isinstance(first, Warned)
    assert f"chmod 600 {key_file}" in first.sentence
    missing = ModelSettings(url=model_server.url, key_env="NO_SUCH_KEY")
    last = hear(asker, Request(missing, (Turn("user", "hi"),)))[-1]
    assert isinstance(last, Failed)
    assert "The environment has no NO_SUCH_KEY" in last.sentence


@pytest.mark.parametrize(
    ("model", "came", "words"),
    [
        ("breaks-off", "As I was say", "broke off before the reply was whole"),
        ("ends-early", "Politely cut", "broke off before the reply was whole"),
        ("not-utf8", "Before", "not UTF-8"),
        ("limited", "", "wants fewer requests (429). Try again in 7 s. Slow down"),
        ("refuses", "", "refuses the key (401)"),
        ("fails", "", "failed (500). CUDA out of memory"),
        ("garbage", "", "not OpenAI's protocol"),
        ("html", "", "sent no reply"),
    ],
)
def test_what_a_server_does_badly_is_one_sentence_and_what_came_is_kept(
    asker: Asker, model_server: ModelServer, model: str, came: str, words: str
) -> None:
    events = hear(asker, Request(ModelSettings(url=model_server.url, key=KEY), (Turn("user", "hi"),), model))
    last = events[-1]
    assert isinstance(last, Failed)
    assert words in last.sentence
    assert model_server.url in last.sentence
    assert KEY not in last.sentence, "a key that the server quotes is not shown"
    assert "Traceback" not in last.sentence
    assert text(events) == came


def test_a_server_that_is_not_there_is_said(asker: Asker) -> None:
    last = hear(asker, Request(ModelSettings(url="http://127.0.0.1:9"), (Turn("user", "hi"),), "x"))[-1]
    assert isinstance(last, Failed)
    assert "cannot be reached. Is it running" in last.sentence


def test_an_unwanted_option_is_said(asker: Asker, model_server: ModelServer) -> None:
    last = ask(asker, model_server, "echo", options={"temperature": "hot"})[-1]
    assert isinstance(last, Failed)
    assert "does not take these options" in last.sentence


@pytest.mark.parametrize("model", ["forever", "long-line"])
def test_a_reply_without_an_end_is_cut(asker: Asker, model_server: ModelServer, model: str) -> None:
    events = ask(asker, model_server, model)
    assert events[-1] == Ended("cut")
    assert len(text(events)) == 1_000_000


def test_the_limit_of_a_model_is_told_apart_from_the_end(asker: Asker, model_server: ModelServer) -> None:
    assert ask(asker, model_server, "short")[-1] == Ended("length")


def test_whatever_a_model_says_travels_as_it_is(asker: Asker, model_server: ModelServer) -> None:
    said = text(ask(asker, model_server, "hostile"))
    assert "\x1b]0;owned\x07" in said
    assert "\ud800 \x00 nul" in said


@pytest.mark.parametrize("model", ["stalls", "never"])
def test_one_that_stalls_is_ended_at_once_and_the_next_is_asked(
    asker: Asker, model_server: ModelServer, model: str
) -> None:
    told: queue.Queue[Event] = queue.Queue()
    asked = asker.ask(Request(ModelSettings(url=model_server.url), (Turn("user", "hi"),), model), told.put)
    while not isinstance(told.get(timeout=PATIENCE), Text if model == "stalls" else Started):
        pass
    began = time.monotonic()
    asked.stop()
    assert time.monotonic() - began < 0.1
    asked._process.wait(PATIENCE)
    assert told.empty(), "nothing comes after that"
    assert text(ask(asker, model_server)) == "Hello **there**"


def test_the_process_ends_with_whoever_started_it(model_server: ModelServer) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "chattui.replies"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    asked = Request(ModelSettings(url=model_server.url), (Turn("user", "hi"),), "never")
    process.stdin.write(requests.encode(asked))
    process.stdin.flush()
    assert isinstance(decode(process.stdout.readline()), Started)
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()


@pytest.mark.parametrize(
    "event",
    [
        Started("m"),
        Session("s1", loaded=True),
        Text("a\ud800\n\x1b"),
        Thinking("b"),
        ToolCall("c1", "Bash", '{"a": 1}', "running", "out"),
        Usage(1, 2, None, 0.5),
        Warned("w"),
        Models(("a", "b"), "a"),
        Ended("cut"),
        Failed("s", "t"),
    ],
)
def test_events_travel_as_one_line(event: Event) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1
    assert decode(line) == event


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'{"event": "Nothing"}', b'{"event": "Text", "more": 1}', b"\xff"])
def test_what_is_no_event_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode(line)


def test_the_config_file_says_which_models(tmp_path: Path) -> None:
    env = {"CHATTUI_HOME": str(tmp_path), "CHATTUI_CONFIG": str(tmp_path / "c.toml")}
    (tmp_path / "c.toml").write_text(
        '[models]\nurl = "localhost:1234"\ndefault = "a"\nquiet = "2m"\nkey_env = "K"\n[models.options]\ntemperature = 0.2\n'
    )
    found = load_settings(env).models
    assert (found.url, found.default, found.quiet, found.key_env) == ("localhost:1234", "a", 120.0, "K")
    assert found.options == {"temperature": 0.2}
    assert found.is_configured
    (tmp_path / "c.toml").write_text('[models]\nkey = "sk-secret"\n')
    assert "sk-secret" not in repr(load_settings(env))
    for wrong, words in [
        ("url = 1", "'models.url' must be text"),
        ("options = 1", "must be a table"),
        ("a = 1", "unknown"),
    ]:
        (tmp_path / "c.toml").write_text(f"[models]\n{wrong}\n")
        found_so_far = load_settings(env)
        assert words in found_so_far.problems[0].sentence
        assert found_so_far.models == replace(ModelSettings(), origin=str(tmp_path / "c.toml"))


def test_it_is_known_without_an_import_whether_a_model_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert not ModelSettings().is_configured
    (tmp_path / "keys.json").write_text('{"// Note": "This file stores secret API credentials."}')
    assert not ModelSettings().is_configured
    (tmp_path / "keys.json").write_text('{"anthropic": "sk"}')
    assert ModelSettings().is_configured
    assert "llm" not in sys.modules
    assert "openai" not in sys.modules
