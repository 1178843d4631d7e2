"""Markdown of a message as HTML that is safe by construction: HTML in it is text, links go to the web or to mail only."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from chattui.domain.links import bare_links, safe_href
from chattui.domain.markup import too_heavy

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token
    from pygments.lexer import Lexer

_DEEPEST = 90
_LONGEST_CODE = 60_000
_LONGEST_LINE = 2_000
_LINK = {"rel": "noopener noreferrer nofollow"}


def markdown_html(text: str) -> str:
    """``text``, which ``visible`` has made harmless, as HTML; text that takes a parser too long stays as it is."""
    if too_heavy(text):
        return f"<pre>{escape(text)}</pre>"
    markdown = _markdown()
    tokens = markdown.parse(text)
    if any(token.level > _DEEPEST for token in tokens):
        return f"<pre>{escape(text)}</pre>"
    return str(markdown.renderer.render(tokens, markdown.options, {}))


def code_html(code: str, language: str) -> str:
    """A block of code, coloured by classes where the language is known and the code is not too long."""
    lexer = _lexer(language) if language and _is_short(code) else None
    if lexer is None:
        return f'<pre class="hl"><code>{escape(code)}</code></pre>\n'
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    return f'<pre class="hl"><code>{highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip()}</code></pre>\n'


@lru_cache(64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _is_short(code: str) -> bool:
    return len(code) <= _LONGEST_CODE and all(len(line) <= _LONGEST_LINE for line in code.split("\n"))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST + 10})
    markdown.enable(["table", "strikethrough"]).disable("reference")
    markdown.validateLink = lambda url: safe_href(url) is not None  # type: ignore[method-assign]
    markdown.core.ruler.push("chattui", _tame)
    for name in ("fence", "code_block"):
        markdown.add_render_rule(name, _code)
    markdown.add_render_rule("image", _image)
    return markdown


def _code(_renderer: object, tokens: Sequence[Token], index: int, _options: object, _env: object) -> str:
    token = tokens[index]
    return code_html(token.content.rstrip("\n"), (token.info.split() or [""])[0])


def _image(_renderer: object, tokens: Sequence[Token], index: int, _options: object, _env: object) -> str:
    """A picture elsewhere is only linked to: nothing is fetched when the page is opened."""
    token = tokens[index]
    href = safe_href(str(token.attrs.get("src", ""))) or ""
    return f'<a href="{escape(href)}" rel="{_LINK["rel"]}">{escape(token.content or href)}</a>'


def _tame(state: StateCore) -> None:
    """Links get their ``rel``, bare addresses become links, and the alignment of cells a class instead of a style."""
    for token in state.tokens:
        if style := token.attrs.pop("style", None):
            token.attrs["class"] = str(style).rpartition(":")[2].strip("; ")
        if token.children:
            token.children = _with_links(token.children)


def _with_links(children: Sequence[Token]) -> list[Token]:
    inside, found = 0, list[Any]()
    for child in children:
        if child.type == "link_open":
            inside += 1
            child.attrs |= _LINK
            child.attrs.pop("title", None)
        elif child.type == "link_close":
            inside -= 1
        if child.type != "text" or inside or "://" not in child.content:
            found.append(child)
            continue
        for part, href in bare_links(child.content):
            if part:
                found += _link(part, href, child)
    return found


def _link(text: str, href: str | None, like: Token) -> list[Token]:
    from markdown_it.token import Token

    inner = Token("text", "", 0, content=text, level=like.level)
    if href is None:
        return [inner]
    begin = Token("link_open", "a", 1, attrs={"href": href, **_LINK})
    return [begin, inner, Token("link_close", "a", -1)]
