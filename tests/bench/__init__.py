"""Measures what is promised (issue 2, "Speed" and "Truth"): ``python -m tests.bench``, or ``make bench``. Linux only."""
