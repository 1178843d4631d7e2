"""The formats: what each writes, and that no chat's text gets out of its place in any of them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import HOSTILE, NOON, called, chat, picture, said, thought, written
from markdown_it import MarkdownIt

from chattui.domain.errors import ConfigError
from chattui.domain.kinds import ContentType, Kind, Role
from chattui.export.formats import NAMES, format_of
from chattui.export.markdown import self_contained

OBEYED = "\x1b\x07\x9b\u202e\u2066\x00\ud800\u2028"


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Page(HTMLParser):
    """The elements of a page, checked for being closed in order."""

    VOID = frozenset({"meta", "img", "br", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.found if name == tag]


TURN = (
    said(1, "Why **is** it slow?\n\n```sql\nSELECT 1"),
    thought(2, "Hm.\n\n</details>"),
    called(3, "psql ```` -c x", target="psql </details>"),
    said(4, "Because.", Role.ASSISTANT),
)


def test_markdown_has_a_section_for_each_turn_and_folds_the_rest() -> None:
    assert written("markdown", TURN, chat(tags=("db",), project="/w/a_b")) == (
        "# A title\n\n"
        "codex · /w/a\\_b · \\#db · 3 messages\n\n"
        "## You · 2026-03-01 12:00\n\n"
        "Why **is** it slow?\n\n```sql\nSELECT 1\n```\n\n"
        "## Assistant · 2026-03-01 12:00\n\n"
        "<details><summary>thinking</summary>\n\n```\nHm.\n\n</details>\n```\n\n</details>\n\n"
        "<details><summary>tool call · Bash · psql &lt;/details&gt; · completed</summary>\n\n"
        "`````\npsql ```` -c x\n`````\n\n</details>\n\n"
        "Because.\n\n"
    )


def test_text_tells_headings_from_what_was_said_by_the_first_column() -> None:
    text = written("text", (said(1, "[9] You · 2026-03-01\nmore"), called(2, "ls")))
    assert text == (
        "A title\ncodex · 3 messages\n"
        "\n[1] You · 2026-03-01 12:00\n\n    [9] You · 2026-03-01\n    more\n"
        "\n[2] tool call · Bash · ls · completed · 2026-03-01 12:00\n\n    ls\n"
    )


def test_html_renders_markdown_colours_code_and_folds_what_is_no_talk() -> None:
    text = written("html", TURN)
    page = Page(text)
    assert "<p>Why <strong>is</strong> it slow?</p>" in text
    assert '<pre class="hl"><code><span class="k">SELECT</span>' in text
    assert [d["class"] for d in page.all("details")] == ["thinking", "tool_call"]
    assert len(page.all("section")) == 2
    assert "prefers-color-scheme: dark" in text


def test_html_fetches_nothing_runs_nothing_and_links_only_to_the_web_and_to_mail() -> None:
    text = written(
        "html",
        [
            said(1, "[a](javascript:alert(1)) [b](https://b.example) <x@y.example> https://bare.example/?a=1&b=2"),
            said(2, "![c](https://c.example/c.png) ![d](data:image/png;base64,AA) [e](/etc) [f](file:///etc/passwd)"),
            said(3, "<img src=x onerror=alert(1)> <a href='javascript:x'>y</a>\n\n<script>alert(1)</script>"),
            said(4, "see", attachments=(picture(), picture(b"<svg onload=x>", "image/svg+xml", '"><script>'))),
        ],
    )
    page = Page(text)
    hrefs = {a["href"] for a in page.all("a")}
    assert hrefs == {
        *("https://b.example", "mailto:x@y.example", "https://bare.example/?a=1&b=2", "https://c.example/c.png"),
    }
    assert [i["src"] for i in page.all("img")] == ["data:image/png;base64,iVBORw=="]
    used = {name for name, _ in page.found}
    assert not used & {"script", "link", "iframe", "object", "embed", "base", "form", "svg"}
    assert not [name for _, attrs in page.found for name in attrs if name.startswith("on") or name == "style"]
    [policy] = [m["content"] for m in page.all("meta") if m.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_the_policy_allows_exactly_the_style_of_the_page() -> None:
    from base64 import b64encode
    from hashlib import sha256

    text = written("html", TURN)
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    assert f"'sha256-{b64encode(sha256(style[1].encode()).digest()).decode()}'" in text


@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_is_only_text(name: str) -> None:
    about = chat(HOSTILE, project=HOSTILE, tags=(HOSTILE,))
    messages = [
        said(1, HOSTILE, thread=HOSTILE, attachments=(picture(name=HOSTILE, mime=HOSTILE),)),
        called(2, HOSTILE, target=HOSTILE),
        thought(3, HOSTILE),
        said(4, "{", Role.ASSISTANT, content_type=ContentType.JSON),
    ]
    text = written(name, messages, about)
    assert not set(text) & set(OBEYED)
    assert "[bold]x[/]" in text.replace("\\", "")
    if name == "html":
        assert not Page(text).all("script")
    if name == "json":
        document = json.loads(text)
        assert document["chat"]["title"] == HOSTILE
        assert [m["content"] for m in document["messages"]] == [HOSTILE, HOSTILE, HOSTILE, "{"]


def test_json_holds_everything() -> None:
    document = json.loads(written("json", [said(1, "x", model="m", tokens_in=3, error=True, metadata={"a": [1]})]))
    assert document["chattui"] == 1
    [message] = document["messages"]
    assert message == {
        "seq": 1,
        "id": "m1",
        "parent_seq": None,
        "parent_id": None,
        "reply_id": None,
        "thread": None,
        "role": "user",
        "kind": "text",
        "time": NOON.isoformat(),
        "content_type": "markdown",
        "content": "x",
        "model": "m",
        "tokens": {"in": 3, "out": None, "cached": None},
        "error": True,
        "tool": None,
        "attachments": [],
        "metadata": {"a": [1]},
    }


@pytest.mark.parametrize(
    "text",
    [
        "```\nopen",
        "~~~~\n```\nopen",
        "- item\n\n  ```py\n  open",
        "> ```\n> quoted",
        "<!-- never closed",
        "<script>\n\nnever closed",
        "<?php",
        "<pre>\n\nx",
        "``` not ` a fence",
        "1. a\n   - b\n\n         ```\n         c\n",
        "a\n<details>\nb",
    ],
)
def test_no_message_swallows_the_next(text: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).parse(
        written("markdown", [said(1, text), said(2, "b", Role.ASSISTANT)])
    )
    headings = [tokens[n + 1].content for n, t in enumerate(tokens) if t.type == "heading_open" and t.level == 0]
    assert headings[-1] == "Assistant · 2026-03-01 12:00"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="`~<>!-?#\n a1.*[]|\\de", max_size=60))
def test_whatever_a_message_holds_the_heading_behind_it_is_one(text: str) -> None:
    tokens = MarkdownIt("commonmark", {"html": True}).parse(self_contained(text) + "\n\n## next\n")
    assert [t.type for t in tokens[-3:]] == ["heading_open", "inline", "heading_close"]
    assert tokens[-2].content == "next"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=80), st.sampled_from(list(Kind)), st.sampled_from(list(ContentType))), max_size=4
    )
)
def test_html_is_well_formed_whatever_is_in_it(parts: list[tuple[str, Kind, ContentType]]) -> None:
    messages = [said(n, t, Role.ASSISTANT, kind=k, content_type=c) for n, (t, k, c) in enumerate(parts, 1)]
    Page(written("html", messages, chat(parts[0][0] if parts else "")))


def test_text_that_is_too_heavy_for_a_parser_stays_text() -> None:
    text = written("html", [said(1, "[" * 5_000), said(2, "> " * 300 + "x")])
    assert "<pre>[[[[" in text
    Page(text)


def test_a_chat_without_messages_is_a_whole_document() -> None:
    for name in NAMES:
        assert "A title" in written(name, [])
    assert json.loads(written("json", []))["messages"] == []
    Page(written("html", []))


def test_an_unknown_format_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no format 'pdf'.*markdown, html, json, text"):
        format_of("pdf")
