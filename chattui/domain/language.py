"""The search language: what was typed becomes a tree, and every piece of it tells where it stands and what is wrong with it.

Words are ANDed, the last one is a prefix while it is typed. ``"a phrase"``, ``-word``, ``OR``, ``( )``, ``/regex/``,
``sub:text``, ``field:value``; ``~word`` asks also by meaning. A mistake is never an error: what is mistaken is left out or
taken as a word, and says so.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from datetime import datetime

from chattui.domain import dates
from chattui.domain.fields import FIELDS, FieldInfo, Scope, listed, nearest
from chattui.domain.needle import Needle
from chattui.domain.query_tree import (
    And,
    Field,
    Literal,
    Node,
    Not,
    Or,
    Period,
    Phrase,
    Query,
    Regex,
    Token,
    TokenKind,
    Word,
)

__all__ = [
    "And",
    "Field",
    "Literal",
    "Node",
    "Not",
    "Or",
    "Phrase",
    "Query",
    "Regex",
    "Token",
    "TokenKind",
    "Word",
    "parse",
    "regex_problem",
]

MOST_CHARS = 1_000
MOST_TERMS = 32


def parse(text: str, now: datetime | None = None) -> Query:
    """Understand what was typed. ``now`` (with a time zone) is what dates are counted from. Never raises."""
    return _Parser(text[:MOST_CHARS], now or datetime.now().astimezone()).query(text)


_NAME = re.compile(r"([A-Za-z]{2,12}):(?![:/]/|:)")
_ESCAPED = re.compile(r'\\([\\"()/:,~-]|OR\b)')
_REGEX = re.compile(r"/((?:\\.|[^/\\\n])+)/(?=[\s)]|$)")


class _Parser:
    """Goes once through the text, with one list of alternatives a group."""

    def __init__(self, text: str, now: datetime) -> None:
        self.text, self.now = text, now
        self.at, self.terms = 0, 0
        self.depth = 0
        self.tokens: list[Token] = []
        self.by_meaning = False

    def query(self, whole: str) -> Query:
        root = self._group()
        return Query(whole, root, tuple(self.tokens), self.by_meaning)

    def _group(self) -> Node | None:
        """What stands up to the end or to the ``)`` of this group: ANDed terms, divided by OR."""
        alternatives: list[list[Node]] = [[]]
        operator: int | None = None  # the token of an OR that waits for what follows
        while self.at < len(self.text):
            char = self.text[self.at]
            if char.isspace():
                self.at += 1
            elif char == ")" and self.depth:
                break
            elif self._is_or():
                self._note(TokenKind.OPERATOR, self.at, self.at + 2)
                if not alternatives[-1] or operator is not None:
                    self._complain("OR stands between two words.")
                else:
                    operator = len(self.tokens) - 1
                    alternatives.append([])
                self.at += 2
            else:
                found = self._term(negated=False)
                if found is not None:
                    alternatives[-1].append(found)
                    operator = None
        if operator is not None:
            self._complain("OR stands between two words.", operator)
        return _or([_and(items) for items in alternatives])

    def _is_or(self) -> bool:
        after = self.text[self.at + 2 : self.at + 3]
        return self.text.startswith("OR", self.at) and (not after or after.isspace() or after in "()")

    def _term(self, *, negated: bool) -> Node | None:
        start, text = self.at, self.text
        char = text[start]
        if char == "-" and not negated and re.match(r'-(?:[^\W_]|["(/\\_.@#$])', text[start : start + 2]):
            self._note(TokenKind.OPERATOR, start, start + 1)
            self.at += 1
            item = self._term(negated=True)
            return None if item is None else Not(item)
        if char == "~" and not negated and re.match(r'~(?:[^\W_]|["(])', text[start : start + 2]):
            self._note(TokenKind.OPERATOR, start, start + 1)
            self.at += 1
            self.by_meaning = True
            return self._term(negated=False)
        if char == "(":
            return self._parenthesis()
        if char == '"':
            return self._quoted()
        self.terms += 1
        if char == "/" and (match := _REGEX.match(text, start)):
            return self._regex(match)
        if (match := _NAME.match(text, start)) and (found := self._field(match)) is not _NO_FIELD:
            return found  # type: ignore[return-value]
        return self._word(negated=negated)

    def _parenthesis(self) -> Node | None:
        opened = len(self.tokens)
        self._note(TokenKind.OPERATOR, self.at, self.at + 1)
        self.at += 1
        if self.depth >= MOST_TERMS:
            return None
        self.depth += 1
        found = self._group()
        self.depth -= 1
        if self.at < len(self.text):
            self._note(TokenKind.OPERATOR, self.at, self.at + 1)
            self.at += 1
        else:
            self._complain("The group is not closed: a ) is missing.", opened)
        return found

    def _quoted(self) -> Node | None:
        start = self.at
        end = self._closing(start + 1)
        if end is None:
            self._note(TokenKind.PHRASE, start, start + 1)
            self._complain('The phrase is not closed: a " is missing.')
            self.at += 1
            return None
        self.terms += 1
        self._note(TokenKind.PHRASE, start, end + 1)
        self.at = end + 1
        inner = _unescaped(self.text[start + 1 : end])
        return Phrase(inner) if self._counts() and inner.strip() else None

    def _closing(self, at: int) -> int | None:
        """Where the quote that was opened before ``at`` is closed."""
        last = self.text.rfind('"')
        while at < len(self.text):
            if self.text[at] == "\\" and self.text[at + 1 : at + 2] == '"' and at + 1 < last:
                at += 2
                continue
            if self.text[at] == '"':
                return at
            at += 1
        return None

    def _regex(self, match: re.Match[str]) -> Node | None:
        self._note(TokenKind.REGEX, match.start(), match.end())
        self.at = match.end()
        expression = match[1].replace("\\/", "/")
        problem = regex_problem(expression)
        if problem:
            self._complain(problem)
        return Regex(expression) if self._counts() and not problem else None

    def _word(self, *, negated: bool) -> Node | None:
        start = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            escaped = _ESCAPED.match(self.text, self.at)
            if escaped:
                self.at = escaped.end()
                continue
            if char.isspace() or char == '"':
                break
            if char == ")" and self.depth and not _opens(self.text[start : self.at]):
                break
            self.at += 1
        self._note(TokenKind.WORD, start, self.at)
        text = _unescaped(self.text[start : self.at])
        if not self._counts():
            return None
        is_last = self.at == len(self.text) and not text.endswith('"')
        if any(char.isalnum() for char in text):
            return Word(text, is_last and not negated)
        return None if text.isascii() or not text.isprintable() else Literal(text)  # an emoji: not a word for the index

    def _field(self, match: re.Match[str]) -> object:
        """The field that begins here; ``_NO_FIELD``: it is a word."""
        start, name = match.start(), match[1].lower()
        info = FIELDS.get(name)
        values, end, closed = self._values(match.end())
        if info is None:
            meant = nearest(name) if len(name) > 3 else None
            if meant is None or not any(values):
                return _NO_FIELD
            found = self._word(negated=True)
            problem = f"There is no field {name}:. Did you mean {meant}:?"
            self.tokens[-1] = Token(TokenKind.FIELD, start, self.at, None, match.end(), problem)
            return found
        self.at = end
        self._note(TokenKind.FIELD, start, end)
        self.tokens[-1] = replace(self.tokens[-1], name=name, value_start=match.end())
        if not closed:
            self._complain('The value is not closed: a " is missing.')
        if not self._counts():
            return None
        if not any(values):
            example = f": {listed(info.values)}" if info.values else ""
            self._complain(f"{name}: needs a value right after it{example}.")
            return None
        if name == "sub":
            return Literal(",".join(values))
        is_last = end == len(self.text) and self.text[-1] != '"'
        return self._condition(info, tuple(v for v in values if v), is_last)

    def _condition(self, info: FieldInfo, values: tuple[str, ...], is_last: bool) -> Node | None:
        if info.scope is Scope.TIME:
            return self._time(info, values)
        if info.values is None:
            return Field(info.name, values, prefix=is_last)
        known: list[str] = []
        for number, value in enumerate(values):
            wanted = value.lower().replace("-", "_")
            beginnings = [v for v in info.values if v.startswith(wanted)]
            if wanted in info.values:
                known.append(wanted)
            elif is_last and number == len(values) - 1 and beginnings:
                known.extend(beginnings)
            else:
                meant = nearest(wanted, info.values)
                hint = f" Did you mean {meant}?" if meant else f" It knows {listed(info.values)}."
                self._complain(f"{info.name}: does not know {value}.{hint}")
        return Field(info.name, tuple(dict.fromkeys(known)), prefix=is_last) if known else None

    def _time(self, info: FieldInfo, values: tuple[str, ...]) -> Node | None:
        periods: list[Period] = []
        for value in values:
            if info.name == "last":
                moment = dates.ago(value if value[0].isdigit() else f"1{value[0]}", self.now)
                if moment is None or not re.fullmatch(r"\d+[hdwmy]|day|week|month|year", value.lower()):
                    self._complain(f"last: needs a length of time, as 7d, 3w, 2m or 1y; not {value}.")
                else:
                    periods.append((moment, None))
                continue
            span = dates.period(value, self.now)
            if span is None:
                self._complain(f"{info.name}: needs a date, as {dates.EXAMPLES}; not {value}.")
                continue
            moment = dates.ago(value, self.now) or span[0]
            edges: dict[str, Period] = {"before": (None, moment), "after": (moment, None)}
            periods.append(edges.get(info.name, span))
        return Field(info.name, values, tuple(periods)) if periods else None

    def _values(self, at: int) -> tuple[list[str], int, bool]:
        """The values from ``at`` on, divided by commas, the place behind them, and whether every quote is closed."""
        values, value, closed = [], "", True
        while at < len(self.text):
            char = self.text[at]
            escaped = _ESCAPED.match(self.text, at)
            if escaped and char == "\\":
                value += escaped[1]
                at = escaped.end()
            elif char == '"':
                end = self._closing(at + 1)
                closed = end is not None
                end = len(self.text) if end is None else end
                value += _unescaped(self.text[at + 1 : end])
                at = min(end + 1, len(self.text))
            elif char.isspace() or (char == ")" and self.depth and not _opens(value)):
                break
            elif char == ",":
                values.append(value)
                value = ""
                at += 1
            else:
                value += char
                at += 1
        return [*values, value], at, closed

    def _counts(self) -> bool:
        """Whether this term is among the first ones."""
        if self.terms > MOST_TERMS:
            self._complain(f"Only the first {MOST_TERMS} terms count.")
            return False
        return True

    def _note(self, kind: TokenKind, start: int, end: int) -> None:
        self.tokens.append(Token(kind, start, end))

    def _complain(self, problem: str, number: int = -1) -> None:
        if self.tokens[number].problem is None:
            self.tokens[number] = replace(self.tokens[number], problem=problem)


_NO_FIELD = object()


def regex_problem(expression: str) -> str | None:
    """A sentence when it is no regular expression."""
    try:
        with warnings.catch_warnings():  # Python warns of [[:alpha:]], which is the database's to judge
            warnings.simplefilter("ignore")
            re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        reason = error.msg if isinstance(error, re.error) else "it is too large"
        return f"Not a regular expression: {reason}."
    return None if Needle(expression, regex=True).sql else "The regular expression is empty."


def _opens(text: str) -> bool:
    """Whether a parenthesis inside the word is still open, as in ``f(x``."""
    return text.count("(") > text.count(")")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: match[1], text)


def _and(items: list[Node]) -> Node | None:
    flat = [inner for item in items for inner in (item.items if isinstance(item, And) else (item,))]
    return And(tuple(flat)) if len(flat) > 1 else flat[0] if flat else None


def _or(items: list[Node | None]) -> Node | None:
    there = [item for item in items if item is not None]
    flat = [inner for item in there for inner in (item.items if isinstance(item, Or) else (item,))]
    return Or(tuple(flat)) if len(flat) > 1 else flat[0] if flat else None
