"""The page of benchmarks: what was measured elsewhere stays on it."""

from __future__ import annotations

from tests.bench.report import completed

HEAD = "# Benchmarks\n\n- CPU: {}"


def test_groups_that_were_measured_on_another_machine_stay_in_their_places() -> None:
    before = HEAD.format("old") + "\n\n## Start\n\none\n\ntwo\n\n## Search\n\nthree\n\n## Truth\n\nfour\n"
    page = HEAD.format("new") + "\n\n## Status\n\nfive\n\n## Search\n\nsix\n\n## Replies\n\nseven\n"
    assert completed(page, before) == (
        HEAD.format("new")
        + "\n\n## Status\n\nfive\n\n## Start\n\none\n\ntwo\n\n## Search\n\nsix\n\n## Replies\n\nseven\n"
        "\n## Truth\n\nfour\n"
    )
    assert completed(page, "") == page
    assert completed(page, page) == page
