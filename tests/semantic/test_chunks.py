"""A message in chunks: in order, of the text as it stands, each short, none without a word."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from chattui.semantic.chunks import CHARS, MOST, chunks

TEXTS = st.text(st.sampled_from("abc de.\n\n é漢🚄-1"), max_size=4_000)


@given(TEXTS)
@example("word " * 1_000)
@example("x" * 5_000)
def test_chunks_are_pieces_of_the_text_in_order(text: str) -> None:
    found = chunks(text)
    behind = 0
    for at, piece in found:
        assert text[at : at + len(piece)] == piece
        assert at >= behind
        assert 0 < len(piece) <= CHARS
        behind = at + len(piece)


@given(TEXTS)
def test_every_word_is_in_a_chunk(text: str) -> None:
    said = " ".join(piece for _, piece in chunks(text))
    assert [w for w in text.split() if w.isalpha() and len(w) > 1 and w.isascii() and w not in said] == []


def test_a_chunk_ends_where_a_paragraph_or_a_sentence_does() -> None:
    first, second = "A sentence of some words. " * 20, "Another thing. " * 30
    assert [piece for _, piece in chunks(first + "\n\n" + second)] == [first.strip(), second.strip()]
    assert all(piece.endswith(".") for _, piece in chunks("One sentence follows another one. " * 100))


def test_what_has_no_word_has_no_chunk_and_what_is_very_long_ends() -> None:
    assert chunks("") == chunks("  \n ") == chunks("1234 --- 🚄 }") == []
    assert chunks("東京")
    assert len(chunks("word " * 100_000)) == MOST
