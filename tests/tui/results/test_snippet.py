"""Snippets on one line: ranges mark the same words as before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chattui.tui.results.snippet import flatten


def marked(snippet: str, *ranges: tuple[int, int]) -> tuple[str, list[str]]:
    text, out = flatten(snippet, ranges)
    return text, [text[start:end] for start, end in out]


def test_line_breaks_become_blanks_and_ranges_move_with_their_words() -> None:
    assert marked("  one\n\n   two three", (8, 13)) == ("one two three", ["two"])


def test_control_characters_become_visible_and_ranges_follow() -> None:
    assert marked("\x1b[1m\u202eword\x00 end", (5, 9)) == ("␛[1m⟨202E⟩word␀ end", ["word"])


def test_ranges_may_touch_overlap_or_lie_outside() -> None:
    assert marked("alpha beta", (6, 8), (7, 10), (0, 5), (90, 99), (-5, 0), (3, 3)) == ("alpha beta", ["alpha", "beta"])


@given(
    st.text(alphabet=st.one_of(st.sampled_from("ab \n\t\x1b\u202e日"), st.characters()), max_size=60),
    st.lists(st.tuples(st.integers(-3, 70), st.integers(-3, 70)), max_size=6),
)
def test_flat_snippets_are_clean_and_their_ranges_within(snippet: str, ranges: list[tuple[int, int]]) -> None:
    text, out = flatten(snippet, ranges)
    assert text == flatten(text, ())[0]
    assert "\n" not in text
    assert "\x1b" not in text
    assert "  " not in text.replace("\u3000", "x")
    position = 0
    for start, end in out:
        assert position <= start < end <= len(text)
        position = end


@given(st.lists(st.sampled_from(["word", "other", "日本"]), min_size=1, max_size=12), st.data())
def test_every_marked_word_is_the_word_that_was_marked(words: list[str], data: st.DataObject) -> None:
    separators = [data.draw(st.sampled_from([" ", "\n", "  \n ", "\t"])) for _ in words]
    chosen = data.draw(st.sets(st.integers(0, len(words) - 1)))
    snippet, ranges = "", []
    for number, (word, separator) in enumerate(zip(words, separators, strict=True)):
        if number in chosen:
            ranges.append((len(snippet), len(snippet) + len(word)))
        snippet += word + separator
    text, out = flatten(snippet, ranges)
    assert text == " ".join(words)
    assert [text[start:end] for start, end in out] == [words[number] for number in sorted(chosen)]
