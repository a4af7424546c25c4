"""A TCP proxy that cuts every connection after a random number of bytes in either direction."""

import asyncio
import socket
import struct


class CuttingProxy:
    """Listens on a port of its own and passes bytes on to `target` until a connection's luck ends.

    `limits` gives (bytes up, bytes down) for the next connection. Half of the cuts are resets.
    """

    def __init__(self, target, rng, limits):
        self.target = target
        self.rng = rng
        self.limits = limits
        self.server = None
        self.port = None
        self.cuts = 0
        self.tasks = set()

    async def start(self):
        self.server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def handle(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            await self.relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self.tasks.discard(task)

    async def relay(self, reader, writer):
        up, down = self.limits()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            self.cut(writer)
            return
        pipes = [asyncio.ensure_future(self.pump(reader, far_writer, up)),
                 asyncio.ensure_future(self.pump(far_reader, writer, down))]
        try:
            await asyncio.wait(pipes, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pipe in pipes:
                pipe.cancel()
            await asyncio.gather(*pipes, return_exceptions=True)
            self.cut(far_writer)
            self.cut(writer)

    async def pump(self, reader, writer, budget):
        """Passes on at most `budget` bytes, byte for byte."""
        while budget > 0:
            data = await reader.read(min(budget, 1 << 14))
            if not data:
                return
            budget -= len(data)
            writer.write(data)
            await writer.drain()
        self.cuts += 1

    def cut(self, writer):
        sock = writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0 and self.rng.random() < 0.5:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()
