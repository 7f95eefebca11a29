"""An event loop in a thread of its own: it talks while the main thread breaks things."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from typing import Any


class Background:
    """`run` from any other thread waits for what a coroutine gives, and raises what it raises."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def run[Result](self, work: Coroutine[Any, Any, Result], limit: float = 60.0) -> Result:
        return self.start(work).result(limit)

    def start[Result](self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)


@contextlib.contextmanager
def background() -> Iterator[Background]:
    """Whatever still runs there is cancelled at the end of the block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    here = Background(loop)
    try:
        yield here
    finally:
        here.run(_cancel_others())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for _ in range(3):  # a transport that was given up is closed in the loop's next rounds
        await asyncio.sleep(0)
