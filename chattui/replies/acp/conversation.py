"""A conversation with an agent by the Agent Client Protocol: its program as a child process, one session, turn after turn.

Only for the process that speaks to an agent: importing the library takes half a second.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, Final

from acp import PROTOCOL_VERSION, RequestError, connect_to_agent, schema

from chattui.config.agents import AgentSettings
from chattui.domain.errors import ChattuiError
from chattui.domain.replies import File
from chattui.domain.secrets import masked
from chattui.domain.visible import visible_line
from chattui.replies.acp.request import Answer, TurnRequest
from chattui.replies.acp.transport import AgentTransport
from chattui.replies.acp.updates import Updates
from chattui.replies.events import Ended, Event, Failed, Permission, Session, Started, Usage, Warned, Why

CANCEL_PATIENCE: Final = 5.0
"""Seconds that an agent has to stop when it is asked to; then it is ended."""

_END_PATIENCE: Final = 2.0
_FLUSH: Final = 0.1
"""Seconds between two looks at what has changed of tool calls."""

_AUTH_REQUIRED: Final = -32000
_QUOTED: Final = 300
_DETAIL: Final = 20_000
_WHY: Final[dict[str, Why]] = {"max_tokens": "length", "max_turn_requests": "length", "cancelled": "stopped"}


class Conversation:
    """The program, its session, and what it asks. ``tell`` takes events, in order."""

    def __init__(self, agent: AgentSettings, directory: str, tell: Callable[[Event], None]) -> None:
        self.agent = agent
        self.directory = directory
        self._tell = tell
        self._process: asyncio.subprocess.Process | None = None
        self._connection: Any = None
        self._session = ""
        self._takes = schema.PromptCapabilities()
        self._name = agent.title
        self._updates: Updates | None = None
        self._stderr: deque[bytes] = deque(maxlen=8)
        self._asked: dict[str, asyncio.Future[str]] = {}
        self._number = count(1)
        self._spent = Usage()
        self._stopping = asyncio.Event()
        self._is_cut = False
        self._can_load = False

    @property
    def is_usable(self) -> bool:
        """Whether another turn can follow."""
        return bool(self._session) and self._process is not None and self._process.returncode is None

    async def turn(self, request: TurnRequest) -> None:
        """Hold a turn. The last event is one ``Ended`` or ``Failed``; after ``Failed`` the program may have ended."""
        self._stopping.clear()
        self._is_cut = False
        try:
            begins, loaded = not self.is_usable or request.fresh, False
            if begins:
                loaded = await asyncio.wait_for(self._begin(request), request.agent.patience)
            before = request.before if begins and not loaded else ""
            self._tell(Started(self._name))
            self._tell(Session(self._session, begins and not loaded, loaded, bool(before), self._can_load))
            last: Event = await self._hold(request, before)
        except TimeoutError:
            last = Failed(f"{self._name} has not begun within {request.agent.patience:.0f} seconds, and was given up.")
            await self.end()
        except (OSError, ChattuiError) as error:
            last = Failed(str(error) if isinstance(error, ChattuiError) else await self._why_it_broke())
            await self.end()
        except RequestError as error:
            last = Failed(self._refused(error))
        except ValueError as error:  # an answer that is none of the protocol
            last = Failed(f"{self._name} answered what is not the Agent Client Protocol. {_quoted(str(error))}")
            await self.end()
        if self._updates is not None:
            self._updates.end()
            self._updates = None
        self._tell(last)

    def cancel(self) -> None:
        """Stop the turn."""
        self._stopping.set()

    def answer(self, answer: Answer) -> None:
        """Answer what the agent asked."""
        asked = self._asked.pop(answer.ask, None)
        if asked is not None and not asked.done():
            asked.set_result(answer.option)

    async def end(self) -> None:
        """End the program."""
        process, self._process, self._session = self._process, None, ""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await self._connection.close()
            self._connection = None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            with contextlib.suppress(TimeoutError):  # what it has started may hold the pipes
                await asyncio.wait_for(_read_off(process), _END_PATIENCE)

    # Beginning

    async def _begin(self, request: TurnRequest) -> bool:
        """Have a session: the one of before where the agent takes it up again (True), else a new one (False)."""
        if self._process is None or self._process.returncode is not None or self._connection is None:
            await self._start()
        assert self._connection is not None
        if request.session and self._can_load and not request.fresh:
            try:  # what it tells of it meanwhile is in the chat already
                await self._connection.load_session(cwd=self.directory, session_id=request.session, mcp_servers=[])
            except RequestError as error:
                if error.code == _AUTH_REQUIRED:
                    raise
            else:
                self._session = request.session
                return True
        session = await self._connection.new_session(cwd=self.directory, mcp_servers=[])
        self._session = session.session_id
        return False

    async def _start(self) -> None:
        await self.end()
        program, *words = self.agent.command
        try:
            self._process = await asyncio.create_subprocess_exec(
                program,
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=self.directory,
                env=os.environ | {"PWD": self.directory},
            )
        except FileNotFoundError:
            raise ChattuiError(
                f"{self.agent.title} is not installed here: there is no program {visible_line(program)!r} on the PATH."
            ) from None
        except OSError as error:
            raise ChattuiError(f"{self.agent.title} cannot be started: {error.strerror}.") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._reading = asyncio.create_task(self._keep_words(self._process.stderr))
        transport = AgentTransport(self._process.stdout, self._process.stdin, self._updated, self._odd)
        self._connection = connect_to_agent(self, transport)  # type: ignore[arg-type]  # it declares neither files nor terminals
        answer = await self._connection.initialize(
            protocol_version=PROTOCOL_VERSION,
            client_capabilities=schema.ClientCapabilities(),
            client_info=schema.Implementation(name="chattui", version="0.1.0"),
        )
        if answer.protocol_version != PROTOCOL_VERSION:
            raise ChattuiError(
                f"{self.agent.title} speaks version {answer.protocol_version} of the Agent Client Protocol; "
                f"version {PROTOCOL_VERSION} is known here."
            )
        about = answer.agent_info
        if about is not None:
            self._name = visible_line(about.title or about.name)[:60] or self.agent.title
        able = answer.agent_capabilities or schema.AgentCapabilities()
        self._takes = able.prompt_capabilities or self._takes
        self._can_load = able.load_session is True

    async def _keep_words(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(4_096):
            self._stderr.append(chunk)

    # A turn

    async def _hold(self, request: TurnRequest, before: str) -> Event:
        self._updates = Updates(self._heard, self._cut)
        prompt = asyncio.ensure_future(
            self._connection.prompt(session_id=self._session, prompt=self._blocks(request, before))
        )
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            while not prompt.done() and not stopping.done():
                await asyncio.wait((prompt, stopping), timeout=_FLUSH, return_when=asyncio.FIRST_COMPLETED)
                self._updates.flush()
            if not prompt.done():
                return await self._stop(prompt)
            answer = await prompt
        finally:
            stopping.cancel()
            self._refuse_all()
        self._tell_usage(answer.usage)
        if answer.stop_reason == "refusal":
            return Failed(f"{self._name} refuses to go on with this.")
        return Ended(_WHY.get(answer.stop_reason, "stop"))

    async def _stop(self, prompt: asyncio.Future[Any]) -> Event:
        """Ask the agent to stop, and end it when it does not."""
        self._refuse_all()
        try:
            if self._is_cut:
                raise TimeoutError  # it would go on and on
            await asyncio.wait_for(self._connection.cancel(session_id=self._session), CANCEL_PATIENCE)
            await asyncio.wait_for(prompt, CANCEL_PATIENCE)
        except (TimeoutError, OSError, RequestError, ValueError):
            prompt.cancel()
            await self.end()
        return Ended("cut" if self._is_cut else "stopped")

    def _blocks(self, request: TurnRequest, before: str) -> list[Any]:
        blocks: list[Any] = []
        if before:
            said = f"This is our conversation so far. Go on from it with what comes behind it.\n\n{before}"
            blocks.append(schema.TextContentBlock(type="text", text=said))
        for file in request.files:
            blocks += self._file(file)
        return [*blocks, schema.TextContentBlock(type="text", text=request.prompt)]

    def _file(self, file: File) -> list[Any]:
        if self._takes.image and file.mime.startswith("image/"):
            data = base64.b64encode(file.data).decode()
            return [schema.ImageContentBlock(type="image", data=data, mime_type=file.mime)]
        try:
            text = file.data.decode()
        except UnicodeDecodeError:
            self._tell(Warned(f"{self._name} takes no such file: {visible_line(file.name)} was not sent."))
            return []
        if self._takes.embedded_context:
            resource = schema.TextResourceContents(uri=f"attachment:///{file.name}", text=text, mime_type=file.mime)
            return [schema.EmbeddedResourceContentBlock(type="resource", resource=resource)]
        return [schema.TextContentBlock(type="text", text=f"The file {file.name}:\n\n{text}")]

    def _heard(self, event: Event) -> None:
        if isinstance(event, Usage):  # all of the session so far
            before, self._spent = self._spent.cost or 0.0, event
            event = Usage(cost=max(0.0, (event.cost or 0.0) - before))
        self._tell(event)

    def _tell_usage(self, usage: schema.Usage | None) -> None:
        if usage is not None:
            self._tell(Usage(usage.input_tokens, usage.output_tokens, usage.cached_read_tokens))

    def _cut(self) -> None:
        self._is_cut = True
        self._stopping.set()

    def _updated(self, params: Any) -> None:
        known = not isinstance(params, dict) or params.get("sessionId", self._session) == self._session
        if self._updates is not None and known:
            self._updates.take(params)

    def _odd(self, line: str) -> None:
        if self._updates is not None:
            self._updates.odd(line)

    # What the agent asks; called by the library

    async def request_permission(
        self, options: list[schema.PermissionOption], session_id: str, tool_call: schema.ToolCallUpdate, **_: Any
    ) -> schema.RequestPermissionResponse:
        """Ask the person. Without a turn, and when that ends, the answer is no."""
        if self._updates is None or session_id != self._session or self._stopping.is_set():
            return _outcome("", options)
        call = self._updates.call(tool_call)
        self._updates.flush()
        ask = str(next(self._number))
        answered = self._asked[ask] = asyncio.get_running_loop().create_future()
        detail = "\n".join(filter(None, (call.target, call.arguments, call.output)))
        known = tuple((option.option_id, option.name, option.kind) for option in options)
        self._tell(Permission(ask, call.title or call.name or "a tool", _bounded(detail), known))
        return _outcome(await answered, options)

    def _refuse_all(self) -> None:
        for ask in list(self._asked):
            asked = self._asked.pop(ask)
            if not asked.done():
                asked.set_result("\0")

    # What went wrong

    async def _why_it_broke(self) -> str:
        process = self._process
        if process is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 1.0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._reading), 0.5)
        code = f" with code {process.returncode}" if process is not None and process.returncode is not None else ""
        last = b"".join(self._stderr).decode("utf-8", "replace").strip().splitlines()
        said = f" It said: {_quoted(last[-1])}" if last else ""
        return f"{self._name} ended{code} before the turn was over. What came is kept.{said}"

    def _refused(self, error: RequestError) -> str:
        if error.code == _AUTH_REQUIRED:
            return (
                f"{self._name} wants you to log in first. Run {visible_line(self.agent.command[0])} in a terminal and "
                f"do it there. {_quoted(str(error))}"
            )
        detail = error.data if isinstance(error.data, str) else ""
        if isinstance(error.data, dict):
            detail = str(error.data.get("details") or error.data.get("message") or "")
        return f"{self._name} failed ({error.code}): {_quoted(f'{error} {detail}')}"


async def _read_off(process: asyncio.subprocess.Process) -> None:
    """Wait for a process that was killed: it is known to have ended when its pipes have."""
    assert process.stdout is not None
    while await process.stdout.read(1 << 20):
        pass
    await process.wait()


def _outcome(option: str, options: list[schema.PermissionOption]) -> schema.RequestPermissionResponse:
    """The answer: an option that there is; for an empty one what refuses; for anything else that nobody answered."""
    known = {one.option_id for one in options}
    if not option:
        option = next(
            (one.option_id for kind in ("reject_once", "reject_always") for one in options if one.kind == kind), ""
        )
    if option in known:
        return schema.RequestPermissionResponse(outcome=schema.AllowedOutcome(outcome="selected", option_id=option))
    return schema.RequestPermissionResponse(outcome=schema.DeniedOutcome(outcome="cancelled"))


def _bounded(text: str) -> str:
    more = len(text) - _DETAIL
    return text if more <= 0 else f"{text[:_DETAIL]}\n[… {more:,} more characters]"


def _quoted(text: str) -> str:
    line = visible_line(masked(text))
    return line if len(line) <= _QUOTED else line[: _QUOTED - 1] + "…"
