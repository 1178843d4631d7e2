"""What went wrong when a model was asked, as a sentence that says what to do. The library's own words are quoted, harmless
and short; keys in them are hidden."""

from __future__ import annotations

import json
import traceback
from http import HTTPStatus

from chattui.domain.errors import ChattuiError
from chattui.domain.secrets import masked
from chattui.domain.visible import visible_line
from chattui.replies.events import Failed

_QUOTED = 300


def failed(error: BaseException, url: str, key: str = "") -> Failed:
    """The event for an exception. ``url`` is the server's, empty for a model of the library's own; ``key`` is not shown."""
    sentence = sentence_of(error, url)
    return Failed(sentence.replace(key, "•••") if key else sentence, trace_of(error))


def trace_of(error: BaseException) -> str:
    """Where it came from, without what it says: that can hold a part of the chat."""
    return f"{type(error).__name__}\n" + "".join(traceback.format_tb(error.__traceback__)[-6:])


def sentence_of(error: BaseException, url: str) -> str:
    """One or two sentences for a person."""
    where = f"The server at {url}" if url else "The model's server"
    if isinstance(error, ChattuiError):
        return str(error)
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _of_status(status, where, error)
    names = {kind.__name__ for kind in type(error).__mro__}
    if "NeedsKeyException" in names:
        return f"The model needs a key: {_quoted(error)}."
    if "UnknownModelError" in names:
        return f"There is no such model: {_quoted(error)}. Choose one of those there are."
    if "APITimeoutError" in names or "TimeoutException" in names or isinstance(error, TimeoutError):
        return f"{where} did not answer in time. Is it busy, or loading the model? Try again."
    if "ValidationError" in names:
        return f"The model does not take these options: {_quoted(error)}."
    if isinstance(error, UnicodeDecodeError):
        return f"{where} sent what is not UTF-8 text. What came before is kept."
    if isinstance(error, json.JSONDecodeError) or "APIResponseValidationError" in names:
        return f"{where} sent what is not OpenAI's protocol. Is the URL right?"
    if "APIConnectionError" in names or "ConnectError" in names:
        return f"{where} cannot be reached. Is it running, and the URL right?" if not _began(error) else _broke(where)
    if isinstance(error, ConnectionError) or names & {"RemoteProtocolError", "ReadError", "TransportError"}:
        return _broke(where)
    return f"The model failed ({type(error).__name__}): {_quoted(error)}"


def _began(error: BaseException) -> bool:
    return error.__cause__ is not None and "Connect" not in type(error.__cause__).__name__


def _broke(where: str) -> str:
    return f"{where} broke off before the reply was whole. What came is kept."


def _of_status(status: int, where: str, error: BaseException) -> str:
    detail = _quoted(error)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"{where} refuses the key ({status}): it is missing, wrong or expired. {detail}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response = getattr(error, "response", None)
        after = visible_line(response.headers.get("retry-after", ""))[:20] if response is not None else ""
        wait = f" Try again in {after} s." if after.isdigit() else " Try again a little later."
        return f"{where} wants fewer requests (429).{wait} {detail}"
    if status == HTTPStatus.NOT_FOUND:
        return f"{where} knows no such model, or no such address (404). {detail}"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{where} failed ({status}). {detail}"
    return f"{where} did not take the request ({status}). {detail}"


def _quoted(error: BaseException) -> str:
    body = getattr(error, "body", None)
    said = body.get("message") if isinstance(body, dict) else None
    text = visible_line(masked(str(said or error)))
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
