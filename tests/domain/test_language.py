"""The search language: what each way of typing means, where its pieces stand, and what is said about mistakes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chattui.domain.fields import FIELDS
from chattui.domain.language import And, Field, Literal, Not, Or, Phrase, Query, Regex, TokenKind, Word, parse

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=timezone(timedelta(hours=2)))
PIECES = [
    *'"()-/\\:, ',
    "OR",
    "role:",
    "has:",
    "last:",
    "on:",
    "sub:",
    "user",
    "code",
    "foo",
    "7d",
    "2026-02-30",
    "漢",
    "🙂",
    "\n",
]


def root(text: str) -> object:
    return parse(text, NOW).root


def day(*date: int) -> datetime:
    return datetime(*date, tzinfo=NOW.tzinfo)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("pool", Word("pool", prefix=True)),
        ("pool ", Word("pool")),
        ("pool exh", And((Word("pool"), Word("exh", prefix=True)))),
        ('"two words"', Phrase("two words")),
        ('pool"a b" x ', And((Word("pool"), Phrase("a b"), Word("x")))),
        ("pool -exh", And((Word("pool"), Not(Word("exh"))))),
        ('-"a b"', Not(Phrase("a b"))),
        ("a OR b ", Or((Word("a"), Word("b")))),
        ("a b OR c ", Or((And((Word("a"), Word("b"))), Word("c")))),
        ("a (b OR c)", And((Word("a"), Or((Word("b"), Word("c")))))),
        ("-(a b)", Not(And((Word("a"), Word("b"))))),
        ("(a b) c ", And((Word("a"), Word("b"), Word("c")))),
        ("or ", Word("or")),
        ("\\OR ", Word("OR")),
        ("\\-x ", Word("-x")),
        ("role\\:user ", Word("role:user")),
        ("\\(x ", Word("(x")),
        ('"say \\"yes\\" "', Phrase('say "yes" ')),
        ("--force ", Word("--force")),
        ("f(x) ", Word("f(x)")),
        ("(f(x) OR b)", Or((Word("f(x)"), Word("b")))),
        ("path.join", Word("path.join", prefix=True)),
        ("https://example.org/a?b=c ", Word("https://example.org/a?b=c")),
        ("file:///usr/lib ", Word("file:///usr/lib")),
        ("C:\\x\\y ", Word("C:\\x\\y")),
        ("foo::bar ", Word("foo::bar")),
        ("tag::x ", Word("tag::x")),
        ("10:30 ", Word("10:30")),
        ("localhost:8080 ", Word("localhost:8080")),
        ("/usr/lib/x.py ", Word("/usr/lib/x.py")),
        ("/usr/lib/ ", Word("/usr/lib/")),
        ("/fo+ ?bar/", Regex("fo+ ?bar")),
        ("/a\\/b/", Regex("a/b")),
        ("-/x/", Not(Regex("x"))),
        ("sub:erne", Literal("erne")),
        ('sub:"a, b"', Literal("a, b")),
        ("🙂 ", Literal("🙂")),
        ("role:user", Field("role", ("user",), prefix=True)),
        ("ROLE:User,tool x ", And((Field("role", ("user", "tool")), Word("x")))),
        ("kind:tool-call ", Field("kind", ("tool_call",))),
        ("role:us", Field("role", ("user",), prefix=True)),
        ('tag:"two words",b ', Field("tag", ("two words", "b"))),
        ("title:a\\,b ", Field("title", ("a,b",))),
        ("-tool:Bash ", Not(Field("tool", ("Bash",)))),
        ("(project:web) ", Field("project", ("web",))),
        ("on:2026-10-03 ", Field("on", ("2026-10-03",), ((day(2026, 10, 3), day(2026, 10, 4)),))),
        ("on:2026-12 ", Field("on", ("2026-12",), ((day(2026, 12, 1), day(2027, 1, 1)),))),
        ("on:2026 ", Field("on", ("2026",), ((day(2026, 1, 1), day(2027, 1, 1)),))),
        ("on:yesterday ", Field("on", ("yesterday",), ((day(2026, 11, 21), day(2026, 11, 22)),))),
        ("on:1w ", Field("on", ("1w",), ((day(2026, 11, 15), day(2026, 11, 16)),))),
        ("before:today ", Field("before", ("today",), ((None, day(2026, 11, 22)),))),
        ("after:2026-10 ", Field("after", ("2026-10",), ((day(2026, 10, 1), None),))),
        ("after:2m ", Field("after", ("2m",), ((day(2026, 9, 22, 15, 30), None),))),
        ("last:7d ", Field("last", ("7d",), ((NOW - timedelta(days=7), None),))),
        ("", None),
        (" - -- ... (( ", None),
    ],
)
def test_what_is_typed_means(text: str, meant: object) -> None:
    query = parse(text, NOW)
    assert query.root == meant
    if meant is not None and not text.startswith("(("):
        assert query.problems == ()


@pytest.mark.parametrize(
    ("text", "meant", "problem"),
    [
        ("proejct:web x ", And((Word("proejct:web"), Word("x"))), "There is no field proejct:. Did you mean project:?"),
        ("role:usre x ", Word("x"), "role: does not know usre. Did you mean user?"),
        ("has:nothing x ", Word("x"), "has: does not know nothing. It knows code, tool, error, image or note."),
        (
            "role:user,zzz ",
            Field("role", ("user",)),
            "role: does not know zzz. It knows user, assistant, tool or system.",
        ),
        ("is: x ", Word("x"), "is: needs a value right after it: pinned, archived, mine or unread."),
        (
            "on:2026-02-30 x ",
            Word("x"),
            "on: needs a date, as 2026-10-03, 2026-10, 2026, today, yesterday or 3w; not 2026-02-30.",
        ),
        ("last:99999y x ", Word("x"), "last: needs a length of time, as 7d, 3w, 2m or 1y; not 99999y."),
        ('x "a b ', And((Word("x"), Word("a"), Word("b"))), 'The phrase is not closed: a " is missing.'),
        ('tag:"a b', Field("tag", ("a b",), prefix=True), 'The value is not closed: a " is missing.'),
        ("(a OR b ", Or((Word("a"), Word("b"))), "The group is not closed: a ) is missing."),
        ("OR a ", Word("a"), "OR stands between two words."),
        ("a OR ", Word("a"), "OR stands between two words."),
        ("/a(b/ x ", Word("x"), "Not a regular expression: missing ), unterminated subpattern."),
        ("x " * 40, And((Word("x"),) * 32), "Only the first 32 terms count."),
    ],
)
def test_a_mistake_is_left_out_or_a_word_and_explained(text: str, meant: object, problem: str) -> None:
    query = parse(text, NOW)
    assert query.root == meant
    assert query.problems == (problem,)


def test_every_piece_tells_where_it_stands() -> None:
    text = '(one OR -role:user) "two" /x/ sub:y'
    found = [(t.kind, text[t.start : t.end]) for t in parse(text, NOW).tokens]
    assert found == [
        (TokenKind.OPERATOR, "("),
        (TokenKind.WORD, "one"),
        (TokenKind.OPERATOR, "OR"),
        (TokenKind.OPERATOR, "-"),
        (TokenKind.FIELD, "role:user"),
        (TokenKind.OPERATOR, ")"),
        (TokenKind.PHRASE, '"two"'),
        (TokenKind.REGEX, "/x/"),
        (TokenKind.FIELD, "sub:y"),
    ]
    [field] = parse("  tag:a,b", NOW).tokens
    assert (field.name, field.start, field.value_start, field.end) == ("tag", 2, 6, 9)
    near = parse("proejct:web", NOW).tokens[0]
    assert (near.kind, near.name, near.value_start) == (TokenKind.FIELD, None, 8)


def test_the_positive_pieces_are_what_may_be_marked() -> None:
    query = parse('a -b (c OR "d e") -(f g) role:user /h/ ', NOW)
    assert query.positive == (Word("a"), Word("c"), Phrase("d e"), Regex("h"))


def test_only_a_thousand_characters_count() -> None:
    assert root("x" * 2_000) == Word("x" * 1_000, prefix=True)


def test_every_field_is_explained() -> None:
    assert all(info.name == name and info.meaning for name, info in FIELDS.items())


@settings(max_examples=2_000, deadline=None)
@given(text=st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_is_understood_without_an_error(text: str) -> None:
    query = parse(text, datetime(2026, 1, 31, tzinfo=UTC))
    assert isinstance(query, Query)
    at = 0
    for token in query.tokens:
        assert at <= token.start < token.end <= len(text)
        at = token.end


def test_many_groups_are_no_error() -> None:
    assert root("(" * 900 + "x") == Word("x", prefix=True)
    assert root("-(" * 400 + "x ") is not None


@pytest.mark.parametrize(
    "typed", ["~pool", "~pool exhausted", "pool ~exhausted", '~"pool exhausted"', "(~pool)", "~(pool OR x)"]
)
def test_a_tilde_asks_also_by_meaning_and_is_no_part_of_the_word(typed: str) -> None:
    query = parse(typed + " ")
    assert query.by_meaning
    assert query.root == parse(typed.replace("~", "") + " ").root
    assert query.problems == ()


@pytest.mark.parametrize("typed", ["~", "~ pool", "~/notes.md", "a~b", r"\~pool", "pool", '"~pool"', "-~pool", "~~"])
def test_a_tilde_elsewhere_is_text(typed: str) -> None:
    assert not parse(typed + " ").by_meaning
