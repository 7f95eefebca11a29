"""A server of Amazon's as the site sees it, played over real HTTP, which can be at its worst.

For https:// addresses it is the proxy that HTTPS_PROXY names: CONNECT, then TLS with a certificate
that the site of the stage trusts. So the site fetches what it fetches in production, from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Iterator
from enum import StrEnum

from faults.background import Background


class Way(StrEnum):
    GOOD = "good"
    DOWN = "down"  # hangs up
    SILENT = "silent"  # takes the request, says nothing
    SLOW = "slow"  # begins an answer, and goes on byte by byte
    GARBAGE = "garbage"
    HUGE = "huge"  # does not end
    ELSEWHERE = "redirecting"  # to an address where the right answer is


class Played:
    """Use `played()`. `asked`: requests so far; `followed`: of them those of a redirect."""

    def __init__(self, body: bytes, context: ssl.SSLContext | None = None) -> None:
        self.body, self._context = body, context
        self.way = Way.GOOD
        self.port = self.asked = self.followed = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(60):
                await self._serve(reader, writer)
        except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.way == Way.DOWN:
            return
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"CONNECT ") and self._context:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._context)
            head = await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if b"/elsewhere" in head:
            self.followed += 1
        await self._answer(writer)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        match self.way:
            case Way.SILENT:
                await asyncio.sleep(60)
            case Way.SLOW:
                writer.write(_head(len(self.body)))
                for number in range(len(self.body)):
                    writer.write(self.body[number : number + 1])
                    await writer.drain()
                    await asyncio.sleep(1)
            case Way.HUGE:
                writer.write(_head(1 << 40))
                while not writer.is_closing():
                    writer.write(b"x" * 65536)
                    await writer.drain()
                    await asyncio.sleep(0)  # over TLS nothing else lets others go on
            case Way.ELSEWHERE:
                writer.write(
                    b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
                )
            case _:
                body = b"\xff<html>{]" * 50 if self.way == Way.GARBAGE else self.body
                writer.write(_head(len(body)) + body)


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode()


@contextlib.contextmanager
def played(
    here: Background, body: bytes, context: ssl.SSLContext | None = None
) -> Iterator[Played]:
    made = Played(body, context)

    async def start() -> asyncio.Server:
        return await asyncio.start_server(made.serve, "127.0.0.1", 0)

    server = here.run(start())
    made.port = server.sockets[0].getsockname()[1]

    async def stop() -> None:
        server.close()

    try:
        yield made
    finally:
        here.run(stop())
