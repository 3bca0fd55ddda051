"""A client connection of the embedded proxy: its requests and responses (RFC 9112).

Uses raw sockets instead of streams, because a response must be readable after writing the request has failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from heads import LONGEST_RESPONSE_HEAD, Refused, Request, Response, end_of_head, read_request, refusal

if TYPE_CHECKING:
    from proxy import Proxy

WAITS_FOR_REQUEST = 60.0  # seconds, keep-alive
WAITS_FOR_HEAD = 10.0  # seconds
WAITS_FOR_BODY = 16.0  # seconds for a buffered body
WAITS_FOR_BYTES = 60.0  # seconds without progress, in either direction
WAITS_FOR_RESPONSE = 600.0  # seconds
REFUSES_WITHIN = 0.3  # seconds for the application to reject a large body by its headers
SLOW_AFTER = 5.0  # seconds until a reader counts as slow
COLLECTED = 64 * 1024  # bytes; smaller bodies are buffered completely
PIECE = 64 * 1024  # bytes
FILE_PIECE = 1024 * 1024  # bytes
# If the response is sent before the request body has arrived, the rest is drained: closing the socket would send a
# reset, which can destroy the response (RFC 9112 §9.6).
LINGERS = 30.0  # seconds
LINGERS_IN_SILENCE = 5.0  # seconds
LINGERS_AT = 64 * 1024 * 1024  # bytes a second in total
LINGERS_BY = 256 * 1024  # bytes per read

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Result = TypeVar("Result")


class Connection:
    """A client connection with its sequential requests."""

    def __init__(self, proxy: Proxy, client: socket.socket, address: tuple[str, int]) -> None:
        self.proxy, self.client, self.address = proxy, client, address
        self.loop = asyncio.get_running_loop()
        self.received = bytearray()  # received but not parsed
        self.coming = 0  # unreceived bytes of the request body
        self.served = False  # has served a request before

    async def serve(self) -> None:
        try:
            while await self._exchange():
                pass
        except Refused as refused:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await self._refuse(refused.status)
        except (OSError, EOFError, asyncio.CancelledError):  # the client disconnected, or the connection was evicted
            pass
        finally:
            self.client.close()

    async def _exchange(self) -> bool:
        """Handle one request; returns whether another may follow."""
        request = read_request(await self._take_head())
        self.coming = request.length
        body = await self._take_body(request) if request.length <= COLLECTED else b""
        with await self.proxy.connect() as application:
            feeding = self.loop.create_task(self._feed(application, request, body))
            reading = self.loop.create_task(self._read_response(application, request))
            try:
                await asyncio.wait({feeding, reading}, return_when=asyncio.FIRST_COMPLETED)
                async with asyncio.timeout(WAITS_FOR_RESPONSE):
                    response, begun = await reading
            except TimeoutError:
                raise Refused(HTTPStatus.GATEWAY_TIMEOUT) from None
            finally:
                feeding.cancel()
                reading.cancel()
            keeps = request.keeps_open and response.length is not None and not self.coming
            head = response.head + (b"" if keeps else b"\r\nConnection: close") + b"\r\n\r\n"
            if not response.file:
                whole = await self._relay(head, response.length, begun, application)
        if response.file:  # no application thread waits for the reader
            whole = await self._send_file(head, response)
        if self.coming:
            await self._linger()
        return keeps and whole

    # --- from the client

    async def _receive(self) -> None:
        piece = await self.loop.sock_recv(self.client, PIECE)
        if not piece:
            raise EOFError
        self.received += piece

    async def _take_head(self) -> bytes:
        with self.proxy.waiting.one():
            if not self.received:
                async with asyncio.timeout(WAITS_FOR_REQUEST if self.served else WAITS_FOR_HEAD):
                    await self._receive()
            try:
                async with asyncio.timeout(WAITS_FOR_HEAD):
                    while (end := end_of_head(self._without_empty_lines())) < 0:
                        await self._receive()
            except TimeoutError:
                raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
        self.served = True
        head = bytes(self.received[:end])
        del self.received[: end + 4]
        return head

    def _without_empty_lines(self) -> bytearray:
        while self.received.startswith(b"\r\n"):  # RFC 9112 §2.2
            del self.received[:2]
        return self.received

    async def _take_body(self, request: Request) -> bytes:
        if request.expects_continue and len(self.received) < request.length:
            await self._send(CONTINUE)
        try:
            with self.proxy.waiting.one():
                async with asyncio.timeout(WAITS_FOR_BODY):
                    while len(self.received) < request.length:
                        await self._receive()
        except TimeoutError:
            raise Refused(HTTPStatus.REQUEST_TIMEOUT) from None
        return self._take(request.length)

    def _take(self, most: int) -> bytes:
        """What was received of the body."""
        piece = bytes(self.received[:most])
        del self.received[: len(piece)]
        self.coming -= len(piece)
        return piece

    # --- between the two

    async def _feed(self, application: socket.socket, request: Request, body: bytes) -> None:
        """Give the application the request. It sees the end of a large body where the client stops."""
        try:
            packet = request.packet(client=self.address, port=self.proxy.port)
            await self.loop.sock_sendall(application, packet + body)
            if self.coming and request.expects_continue and not self.received:
                await asyncio.sleep(REFUSES_WITHIN)
                await self._send(CONTINUE)
            while self.coming:
                if not self.received:
                    async with asyncio.timeout(WAITS_FOR_BYTES):
                        await self._receive()
                await self.loop.sock_sendall(application, self._take(self.coming))
        except (OSError, EOFError):  # it responds without reading, or the client disconnected
            with contextlib.suppress(OSError):
                application.shutdown(socket.SHUT_WR)

    async def _read_response(self, application: socket.socket, request: Request) -> tuple[Response, bytes]:
        """The response, and the body bytes received with its headers. Raises Refused."""
        received = b""
        try:
            while (end := received.find(b"\r\n\r\n")) < 0:
                piece = await self.loop.sock_recv(application, PIECE)
                received += piece
                if not piece or len(received) > LONGEST_RESPONSE_HEAD:
                    raise Refused(HTTPStatus.BAD_GATEWAY)
            return Response.read(received[:end], method=request.method), received[end + 4 :]
        except (OSError, ValueError) as error:
            raise Refused(HTTPStatus.BAD_GATEWAY) from error

    async def _relay(self, head: bytes, length: int | None, begun: bytes, application: socket.socket) -> bool:
        """Send the response; returns whether it was complete. `begun` is the start of its body."""
        await self._send(head + begun[:length])
        left = None if length is None else max(0, length - len(begun))
        while left != 0 and (piece := await self.loop.sock_recv(application, PIECE)):
            await self._send(piece[:left])
            left = None if left is None else max(0, left - len(piece))
        return not left

    async def _send_file(self, head: bytes, response: Response) -> bool:
        """Send a response from a file; returns whether it was complete."""
        try:
            file = open(response.file, "rb")  # noqa: PTH123, SIM115  (a bytes path)
        except OSError as error:  # deleted meanwhile
            raise Refused(HTTPStatus.BAD_GATEWAY) from error
        with file:
            for text, first, end in response.pieces:
                await self._send(head + text)
                head = b""
                while first < end:
                    sent = await self._patiently(
                        self.loop.sock_sendfile(self.client, file, first, min(end - first, FILE_PIECE))
                    )
                    if not sent:
                        return False
                    first += sent
        return True

    # --- to the client

    async def _send(self, data: bytes) -> None:
        """Send all data. A stalled reader is dropped after a timeout, earlier if there are many."""
        try:
            sent = self.client.send(data)
        except BlockingIOError:
            sent = 0
        if sent == len(data):
            return
        await self._patiently(self.loop.sock_sendall(self.client, data[sent:]))

    async def _patiently(self, sending: Coroutine[Any, Any, Result]) -> Result:
        """Await a send; slow readers count as waiting and may be evicted."""
        task = self.loop.create_task(sending)
        try:
            await asyncio.wait({task}, timeout=SLOW_AFTER)
            if task.done():
                return task.result()
            with self.proxy.waiting.one():
                async with asyncio.timeout(WAITS_FOR_BYTES):
                    return await task
        finally:
            task.cancel()

    async def _refuse(self, status: HTTPStatus) -> None:
        await self._send(refusal(status))
        await self._linger()

    async def _linger(self) -> None:
        self.client.shutdown(socket.SHUT_WR)
        lingering = self.proxy.lingering
        with contextlib.suppress(TimeoutError), lingering.one():
            async with asyncio.timeout(LINGERS):
                while True:
                    async with asyncio.timeout(LINGERS_IN_SILENCE):
                        if not (piece := await self.loop.sock_recv(self.client, LINGERS_BY)):
                            return
                    await asyncio.sleep(len(piece) / LINGERS_AT * len(lingering))
