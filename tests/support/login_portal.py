"""A portal that is asked who a cookie is of; and one that is slow, lies or is not there."""

import asyncio


class LoginPortal:
    """Answers by `answer`, a function from (cookie, head) to bytes, None (never answers), or a
    coroutine function that gets the writer. `users`: cookie -> "user" or "user:group,group"."""

    def __init__(self, users=None):
        self.users = dict(users or {})
        self.answer = self.by_users
        self.heads = []         # of all questions
        self.open = 0           # questions under way
        self.most_open = 0
        self.gate = asyncio.Event()     # answers wait for it
        self.gate.set()
        self.server = None
        self.port = None

    async def start(self, port=0):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", port, backlog=1000)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/auth/check"

    @staticmethod
    def yes(user):
        name, _, groups = user.partition(":")
        return (f"HTTP/1.1 200 OK\r\nRemote-User: {name}\r\nRemote-Groups: {groups}\r\n"
                "Content-Length: 2\r\n\r\nok").encode()

    @staticmethod
    def status(code):
        return f"HTTP/1.1 {code} x\r\nContent-Length: 0\r\n\r\n".encode()

    def by_users(self, cookie, _head):
        user = self.users.get(cookie)
        return self.yes(user) if user else self.status(401)

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self.heads.append(head)
                self.open += 1
                self.most_open = max(self.most_open, self.open)
                try:
                    await self.gate.wait()
                    if not await self.reply(head, writer):
                        return
                finally:
                    self.open -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def reply(self, head, writer):
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        answer = self.answer(fields.get("Cookie", ""), head)
        if asyncio.iscoroutine(answer):
            await answer
            return False
        if answer is None:
            await asyncio.sleep(3600)
        writer.write(answer)
        await writer.drain()
        return True

    def asked(self, cookie):
        """How often it was asked about this cookie."""
        return sum(f"Cookie: {cookie}\r\n" in head for head in self.heads)
