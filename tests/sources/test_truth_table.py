"""Every value of every published sample is as it was counted, or a record tells why it is not; the page says so."""

from __future__ import annotations

import pytest
import truth_table

needs_samples = pytest.mark.skipif(not truth_table.rows(), reason="the samples are not here")


@needs_samples
def test_every_difference_is_told_by_a_record_and_the_page_has_all_of_them() -> None:
    samples, found = truth_table.table()
    assert len(samples) == len(truth_table.rows())
    assert [one for one in found if not one.why] == []
    assert {one.column for one in found} <= set(truth_table.COLUMNS)
    assert truth_table.PAGE.read_text("utf-8") == truth_table.page(samples, found)


@needs_samples
def test_counts_and_titles_differ_only_where_it_is_written_down() -> None:
    """What a rule could explain away is only times, ids and lines that hold no object."""
    _samples, found = truth_table.table()
    counted = {(one.path, one.column) for one in found if one.column in ("user", "assistant", "tool_calls", "title")}
    assert counted == set(truth_table.COUNTED_OTHERWISE)
