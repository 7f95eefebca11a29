"""A TCP proxy between the site and a server, which can be slow, dead, or silent.

What it does can change at any time, for connections that are open as for new ones.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

from faults.background import Background

_CHUNK = 65536


class Mode(StrEnum):
    PASS = "pass"  # noqa: S105 - what it does, no password
    SILENT = "silent"  # takes connections and bytes, and gives nothing back: a host that hangs
    GONE = "gone"  # closes whatever is open and comes


class Proxy:
    """`port` of 127.0.0.1 leads to `to`. Use `proxy()`."""

    def __init__(self, here: Background, to: int) -> None:
        self.here, self.to = here, to
        self.port = 0
        self.delay = 0.0  # seconds, of each piece of an answer
        self._mode = Mode.PASS
        self._open: set[asyncio.StreamWriter] = set()
        self._may_pass = asyncio.Event()
        self._may_pass.set()
        self._server: asyncio.Server | None = None

    def url(self, url: str) -> str:
        """The address of what is behind it, by way of it."""
        parts = urlsplit(url)
        rest = parts.netloc.rpartition("@")[0]
        netloc = f"{rest}@127.0.0.1:{self.port}" if rest else f"127.0.0.1:{self.port}"
        return urlunsplit(parts._replace(netloc=netloc))

    def be(self, mode: Mode) -> None:
        self.here.run(self._be(mode))

    async def _be(self, mode: Mode) -> None:
        was, self._mode = self._mode, mode
        if mode == Mode.SILENT:
            self._may_pass.clear()
            return
        if mode == Mode.GONE or was == Mode.SILENT:
            # what hung has lost bytes of a conversation: as after a failover, it begins anew
            for writer in list(self._open):
                writer.transport.abort()
        self._may_pass.set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        await self._be(Mode.GONE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self._mode == Mode.GONE:
                return
            await self._may_pass.wait()
            behind_reader, behind = await asyncio.open_connection("127.0.0.1", self.to)
            self._open.add(behind)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._carry(reader, behind, is_answer=False))
                    both.create_task(self._carry(behind_reader, writer, is_answer=True))
            finally:
                self._open.discard(behind)
                behind.transport.abort()
        except (OSError, ExceptionGroup):  # whoever hung up first, the other side sees the same
            pass
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        while part := await reader.read(_CHUNK):
            if is_answer and self.delay:
                await asyncio.sleep(self.delay)
            await self._may_pass.wait()
            writer.write(part)
            await writer.drain()
        raise ConnectionResetError("hung up")  # ends the other direction with this one


@contextlib.contextmanager
def proxy(here: Background, to: int) -> Iterator[Proxy]:
    made = Proxy(here, to)
    here.run(made.start())
    try:
        yield made
    finally:
        here.run(made.stop())
