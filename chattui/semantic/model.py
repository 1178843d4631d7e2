"""The model: a vector for each token, whose mean is the meaning of a text.

The files are those in the wheel of wordllama (https://github.com/dleemiller/WordLlama), read without importing it: its own
loader looks for the tokenizer in another place than the wheel has it in, and then downloads it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from chattui.domain.errors import ChattuiError

DIMENSIONS = 256
_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
_MOST_CHARS = 4_000
_LARGEST = 2_047  # halfvec has 11 bits of precision: whole numbers up to here are exact


class Model:
    """Loaded in some 0.3 s. The vectors stay in the file, mapped, as 16 MB of half floats."""

    def __init__(self) -> None:
        spec = find_spec("wordllama")
        if spec is None or spec.origin is None:
            raise ChattuiError("The model is not there: the package wordllama is not installed.")
        place = Path(spec.origin).parent
        try:
            self._vectors = _read(place / _WEIGHTS)
            self._tokenizer = Tokenizer.from_file(str(place / _TOKENIZER))
        except Exception as error:  # tokenizers raises bare ones
            raise ChattuiError(
                f"The model of wordllama cannot be read ({type(error).__name__}). Install the extra `semantic` again."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def embed(self, texts: Sequence[str]) -> list[str | None]:
        """The vector of each text as pgvector reads it, its length arbitrary; None where there is no token."""
        if not texts:
            return []
        coded = self._tokenizer.encode_batch_fast(
            [_readable(text[:_MOST_CHARS]) for text in texts], add_special_tokens=False
        )
        sizes = np.array([len(each.ids) for each in coded])
        if not sizes.any():
            return [None] * len(texts)
        tokens = np.concatenate([np.array(each.ids, dtype=np.int64) for each in coded])
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        there = sizes > 0
        sums = np.add.reduceat(self._vectors[tokens].astype(np.float32), starts[there], axis=0)
        largest = np.abs(sums).max(axis=1, keepdims=True)
        whole = np.rint(sums * (_LARGEST / np.where(largest == 0, 1, largest))).astype(np.int32).tolist()
        rows = iter(f"[{','.join(map(str, row))}]" if any(row) else None for row in whole)
        return [next(rows) if is_there else None for is_there in there.tolist()]


def _readable(text: str) -> str:
    """Half a surrogate is no text for the tokenizer."""
    return text.encode("utf-8", "replace").decode()


def _read(path: Path) -> np.memmap[tuple[int, int], np.dtype[np.float16]]:
    """The one table of a safetensors file: eight bytes for the length of a JSON head, the head, the table."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        [(_, table)] = [(k, v) for k, v in json.loads(file.read(size)).items() if k != "__metadata__"]
    if table["dtype"] != "F16" or table["shape"][1] != DIMENSIONS:
        raise ValueError(table["dtype"])
    rows = int(table["shape"][0])
    return np.memmap(
        path, dtype=np.float16, mode="r", offset=8 + size + table["data_offsets"][0], shape=(rows, DIMENSIONS)
    )
