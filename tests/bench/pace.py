"""How fast the machine is at this moment: the same piece of work each time, on two cores at once.

A virtual machine shares its host: the same program can take half as long again an hour later. What a group measured is held
against its limits as it is; beside the pace it can be held against what another hour measured.
"""

from __future__ import annotations

import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

_WORDS = 300_000
_RUNS = 3


def pace() -> float:
    """Milliseconds of CPU that the work took, the median of a few runs of the slower of two processes."""
    with ProcessPoolExecutor(2) as both:
        return statistics.median(max(both.map(_work, range(2))) for _ in range(_RUNS))


def _work(seed: int) -> float:
    """What importing does most: text made, parsed, looked up and sorted, more of it than the caches hold."""
    began = time.process_time()
    words = [f"{(number + seed) * 7919 % 1_000_003:x}" for number in range(_WORDS)]
    places = {word: number for number, word in enumerate(json.loads(json.dumps(words)))}
    assert places[min(words)] < len(sorted(places))
    return (time.process_time() - began) * 1e3
