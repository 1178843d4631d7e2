"""Fields put into a query and taken out of it; facets; completion. Without a database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chattui.domain.completion import complete
from chattui.domain.kinds import Kind, Role
from chattui.domain.language import And, Field, parse
from chattui.domain.narrowing import Facet, facets, has_field, quoted, with_field, without_field
from chattui.domain.search import Hit


@pytest.mark.parametrize(
    ("text", "with_it", "without"),
    [
        ("pool", "project:api pool", "pool"),
        ("", "project:api ", ""),
        ("project:web pool", "project:api pool", "pool"),
        ('pool project:"a b" size', "project:api pool size", "pool size"),
        ("-project:web pool", "project:api -project:web pool", "-project:web pool"),
        ("pool OR size", "project:api (pool OR size) ", "pool OR size"),
        ('"project:web" x', 'project:api "project:web" x', '"project:web" x'),
    ],
)
def test_a_field_is_put_in_front_and_taken_out_again(text: str, with_it: str, without: str) -> None:
    assert with_field(text, "project", "api") == with_it
    assert without_field(text, "project") == without
    assert has_field(with_it, "project")
    assert without_field(with_it, "project").strip(" ()") == without.strip()


@pytest.mark.parametrize(
    "value", ["api", "a b", 'say "x"', "c\\d", "x,y", "(x)", "naïve", "日本", "a:b", "-x", "x/y", "'"]
)
def test_any_value_is_typed_so_that_it_is_understood(value: str) -> None:
    root = parse(with_field("pool ", "title", value)).root
    assert isinstance(root, And)
    field = root.items[0]
    assert isinstance(field, Field)
    assert field.values == (value,), quoted(value)


def hit(**fields: object) -> Hit:
    values = {"role": Role.USER, "kind": Kind.TEXT, "source": "codex", "project": None} | fields
    day = values.pop("day", 1)
    month = values.pop("month", 11)
    made = datetime(2026, month, day, 12, tzinfo=UTC)  # type: ignore[arg-type]
    return Hit(1, 1, values["role"], values["kind"], made, "x", (), "t", values["source"], None, values["project"])  # type: ignore[arg-type]


def test_facets_are_counted_the_commonest_first_and_months_newest_first() -> None:
    found = facets([hit(), hit(source="claude-code", project="/x/api/", month=10), hit(project="/y/api")], UTC)
    assert found == [
        Facet("source", "codex", 2),
        Facet("source", "claude-code", 1),
        Facet("project", "api", 2),
        Facet("role", "user", 3),
        Facet("on", "2026-11", 2),
        Facet("on", "2026-10", 1),
    ]


VALUES = {"project": ["harbor-api", "atlas-web", "my project"], "tool": ["Bash", "Read"]}


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("pool pro", ["pool project:"]),
        ("t", ["title:", "tag:", "tool:"]),
        ("pool project:", ["pool project:harbor-api", "pool project:atlas-web", 'pool project:"my project"']),
        ("project:api", ["project:harbor-api"]),
        ("project:MY", ['project:"my project"']),
        ("tool:Bash,r", ["tool:Bash,Read"]),
        ("role:as", ["role:assistant"]),
        ("is:", ["is:pinned", "is:archived", "is:mine", "is:unread"]),
        ("pool ", []),
        ("zebra", []),
        ("tool:zebra", []),
        ('"pro', []),
        ("", []),
    ],
)
def test_tab_completes_fields_and_values_that_exist(text: str, completed: list[str]) -> None:
    found = complete(text, len(text), VALUES)
    texts = [text[: found.start] + each + text[found.end :] for each in found.texts] if found else []
    assert sorted(texts) == sorted(completed)
