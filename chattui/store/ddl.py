"""The schema as statements: the migrations, one after the other, taken apart where one statement ends and the next begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chattui.store.migrations import Migration, available

_TOKEN = re.compile(
    r"""--[^\n]*                    # a comment to the end of the line
      | /\*.*?\*/                   # a comment that ends where it says so
      | '(?:[^']|'')*'              # a string
      | "(?:[^"]|"")*"              # a name in quotes
      | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$   # a body
      | ;""",
    re.VERBOSE | re.DOTALL,
)
_CREATE_TABLE = re.compile(r"CREATE TABLE (chattui\.\w+) \(")
_COMMENT = re.compile(r"--[^\n]*")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with the comments before it and its semicolon. ``words`` is it without comments, on one line."""

    text: str

    @property
    def words(self) -> str:
        return " ".join(_COMMENT.sub(" ", self.text).split())


@dataclass(frozen=True, slots=True)
class Table:
    """A CREATE TABLE: its name with its schema, its columns and constraints, and what follows the parenthesis."""

    name: str
    parts: tuple[str, ...]
    options: str

    @property
    def has_owner(self) -> bool:
        """Whether it belongs to people: then every key of it begins with owner."""
        return any(part.startswith("owner ") for part in self.parts)


def statements(text: str) -> Iterator[Statement]:
    """The statements of a file of SQL. Strings, names, bodies between dollar signs and comments are not looked into."""
    begin = 0
    for token in _TOKEN.finditer(text):
        if token[0] == ";":
            yield Statement(text[begin : token.end()].strip("\n"))
            begin = token.end()


def schema_statements(migrations: Sequence[Migration] | None = None) -> Iterator[Statement]:
    """The statements of all migrations, in order."""
    for migration in available() if migrations is None else migrations:
        yield from statements(migration.path.read_text(encoding="utf-8"))


def table_of(statement: Statement) -> Table | None:
    """The table that a statement creates in our schema; None when it is another statement, or makes a partition."""
    words = statement.words.removesuffix(";")
    begin = _CREATE_TABLE.match(words)
    if begin is None:
        return None
    parts, end = _parts(words, begin.end())
    return Table(begin[1], tuple(parts), words[end:].strip())


def _parts(words: str, begin: int) -> tuple[list[str], int]:
    """What stands between the commas up to the parenthesis that closes, and where what follows it begins. Commas in
    parentheses and in strings separate nothing. Raises ``ValueError`` where no parenthesis closes."""
    parts, depth = [], 0
    for token in re.compile(r"'(?:[^']|'')*'|[(),]").finditer(words, begin):
        if token[0] == "(":
            depth += 1
        elif token[0] == ")" and depth:
            depth -= 1
        elif token[0] in {",", ")"} and depth == 0:
            parts.append(words[begin : token.start()].strip())
            begin = token.end()
            if token[0] == ")":
                return parts, begin
    raise ValueError(f"a statement whose parenthesis does not close: {words[:80]}")
