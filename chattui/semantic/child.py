"""The process that embeds what is typed: the model in it never holds up a key. A line of JSON in, a line of JSON out.

In: ``[number, text]``. Out: ``[number, vector]``, the vector as text or null. Ends when its input does.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Answer until there is nothing more to read."""
    from chattui.semantic.model import Model

    model = Model()
    for line in sys.stdin:
        number, text = json.loads(line)
        print(json.dumps([number, model.embed([text])[0]]), flush=True)


if __name__ == "__main__":
    main()
