"""How the HTML page looks, and the policy that lets it do nothing else."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256

_LOOK = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #ffffff; --soft: #f3f4f6; --line: #d0d7de; --quiet: #59636e;
  --link: #0550ae; --you: #e8f1fd; --failed: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --paper: #0d1117; --soft: #161b22; --line: #30363d;
  --quiet: #9198a1; --link: #79c0ff; --you: #13233a; --failed: #ff7b72; } }
body { margin: 0 auto; max-width: 54rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: .95rem; margin: 1.6rem 0 .4rem; }
article h1, article h2, article h3, details h1, details h2, details h3 { font-size: 1.05rem; margin: 1rem 0 .4rem; }
time, .facts, .attachment, figcaption, summary { color: var(--quiet); font-weight: normal; font-size: .875rem; }
a { color: var(--link); }
section.you > article { background: var(--you); border-radius: .5rem; padding: .1rem .9rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; padding: .25rem .7rem; }
summary { cursor: pointer; }
.failed > summary, article.failed { color: var(--failed); }
pre { background: var(--soft); border-radius: .4rem; padding: .7rem; overflow-x: auto; white-space: pre-wrap; }
pre, code { font-family: ui-monospace, monospace; font-size: .875rem; }
blockquote { border-left: 3px solid var(--line); margin-left: 0; padding-left: 1rem; color: var(--quiet); }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; }
.left { text-align: left; } .center { text-align: center; } .right { text-align: right; }
img { max-width: 100%; } figure { margin: .6rem 0; }
@media print { details { break-inside: avoid; } body { max-width: none; } }
"""


@cache
def style() -> str:
    """The style sheet, with the colours of code for light and for dark."""
    from pygments.formatters import HtmlFormatter

    light, dark = (str(HtmlFormatter(style=name).get_style_defs(".hl")) for name in ("default", "github-dark"))  # type: ignore[no-untyped-call]
    flat = ".hl { background: var(--soft); color: var(--ink); }\n"
    return f"{_LOOK}{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{flat}"


@cache
def policy() -> str:
    """A content security policy that allows this style sheet and pictures inside the page, and nothing else."""
    digest = b64encode(sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
