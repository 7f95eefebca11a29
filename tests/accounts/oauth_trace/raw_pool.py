"""A server in the pool's place that says any bytes, or none, at any pace."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

JSON = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
)


class RawPool:
    """`bodies` holds the bytes that came; `speak` gets the connection when a request was read."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.speak: Callable[[socket.socket], object] = lambda peer: peer.sendall(JSON)
        self.reads = True
        self.done = threading.Event()  # set at the end: who speaks slowly stops then
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def says(self, *parts: bytes, pause: float = 0) -> None:
        """These bytes one after another, then the end of the connection."""

        def speak(peer: socket.socket) -> None:
            for part in parts:
                peer.sendall(part)
                self.done.wait(pause)

        self.speak = speak

    def close(self) -> None:
        self.done.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            peer.settimeout(10)
            if self.reads:
                self.bodies.append(_read(peer))
            self.speak(peer)


def _read(peer: socket.socket) -> bytes:
    """The body of a request."""
    text = b""
    while b"\r\n\r\n" not in text:
        if not (part := peer.recv(65536)):
            return b""
        text += part
    head, _, body = text.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower()[:15] == b"content-length:"),
        0,
    )
    while len(body) < length:
        body += peer.recv(65536)
    return body
