"""A query understood: the tree of what is looked for, and the pieces of the text with what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chattui.domain.fields import FIELDS, Scope

Period = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word or name. ``prefix``: it is still being typed, and may be the beginning of a word."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """A quoted text."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """Text anywhere, also inside a word."""

    text: str


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression; letters match in either case."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A condition: any of ``values``; of fields of time any of ``periods``, each from its first moment to before its second.

    ``prefix``: the last value is still being typed.
    """

    name: str
    values: tuple[str, ...]
    periods: tuple[Period, ...] = ()
    prefix: bool = False

    @property
    def scope(self) -> Scope:
        """What it is about."""
        return FIELDS[self.name].scope


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be."""

    item: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    items: tuple[Node, ...]


Node = Word | Phrase | Literal | Regex | Field | Not | And | Or


class TokenKind(StrEnum):
    """What a token is, as it is coloured."""

    WORD = "word"
    PHRASE = "phrase"
    REGEX = "regex"
    FIELD = "field"  # also sub:
    OPERATOR = "operator"  # OR, -, ~, ( and )


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of what was typed, ``start`` to ``end`` in characters. Of a field, ``name`` is the field's as it is known
    (None for a near miss), and the value begins at ``value_start``. ``problem`` is a sentence when it is mistaken."""

    kind: TokenKind
    start: int
    end: int
    name: str | None = None
    value_start: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, understood. ``root`` is None when nothing is searched for. ``by_meaning``: it is also asked by meaning."""

    text: str
    root: Node | None
    tokens: tuple[Token, ...]
    by_meaning: bool = False

    @property
    def problems(self) -> tuple[str, ...]:
        """What is mistaken, one sentence each, in the order of the text."""
        return tuple(dict.fromkeys(t.problem for t in self.tokens if t.problem))

    @property
    def parts(self) -> tuple[Node, ...]:
        """What must hold, all of it."""
        return _parts(self.root)

    @property
    def positive(self) -> tuple[Word | Phrase | Literal | Regex, ...]:
        """The words, phrases and expressions that a hit may hold: what is marked."""
        return tuple(_positive(self.root))


def _parts(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, And) else (node,)


def _positive(node: Node | None) -> list[Word | Phrase | Literal | Regex]:
    match node:
        case Word() | Phrase() | Literal() | Regex():
            return [node]
        case And(items) | Or(items):
            return [leaf for item in items for leaf in _positive(item)]
    return []
