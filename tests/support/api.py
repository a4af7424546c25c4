"""The requests of api.md by their names. A log is named as "type/id"."""

import json
import random

from support.http import Connection, chunk, request_bytes
from support.sse import Stream

BASE = "/api/v1/logs"
PORTAL = "/api/v1/sse/logs"
TEXT = "text/plain"
NDJSON = "application/x-ndjson"
JSON = "application/json"


def new_log(kind="test"):
    """A name that no other test uses."""
    return f"{kind}/{random.randrange(1 << 48):x}"


class Api:
    def __init__(self, port, host="127.0.0.1", tls=None):
        self.port = port
        self.host = host
        self.tls = tls      # the client's ssl.SSLContext; None: clear text

    async def connect(self, **options):
        return await Connection.open(self.port, self.host, **{"tls": self.tls, **options})

    async def request(self, method, path, headers=None, body=None):
        """One request on a connection of its own."""
        if isinstance(body, str):
            body = body.encode()
        async with await self.connect() as connection:
            return await connection.request(method, path, headers, body)

    async def get(self, path, headers=None):
        return await self.request("GET", path, headers)

    async def create(self, log, body=None):
        data = None if body is None else json.dumps(body)
        return await self.request("PUT", f"{BASE}/{log}", {"Content-Type": JSON}, data)

    async def append(self, log, body, kind=TEXT, query="", headers=None):
        sent = {"Content-Type": kind, **(headers or {})}
        return await self.request("POST", f"{BASE}/{log}/entries{query}", sent, body)

    async def append_objects(self, log, entries, query="", headers=None):
        body = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
        return await self.append(log, body, NDJSON, query, headers)

    async def end(self, log, outcome="succeeded", **more):
        body = json.dumps({"outcome": outcome, **more})
        return await self.request("POST", f"{BASE}/{log}/end", {"Content-Type": JSON}, body)

    async def delete(self, log):
        return await self.request("DELETE", f"{BASE}/{log}")

    async def meta(self, log, headers=None):
        return await self.get(f"{BASE}/{log}", headers)

    async def page(self, log, query="", headers=None):
        return await self.get(f"{BASE}/{log}/entries{query}", headers)

    async def texts(self, log):
        """The texts of all entries, read by pages."""
        return [entry["text"] for entry in await self.entries(log)]

    async def entries(self, log, limit=1000, first=0):
        """All that are there from this position on."""
        found = []
        while True:
            page = (await self.page(log, f"?from={first}&limit={limit}")).json()
            if not page["entries"]:
                return found
            found += page["entries"]
            first = found[-1]["n"] + 1

    async def stream(self, log, query="", headers=None, **options):
        return await Stream.open(self.port, f"{BASE}/{log}/events{query}", headers,
                                 **{"tls": self.tls, **options})

    async def portal(self, query, headers=None, **options):
        return await Stream.open(self.port, f"{PORTAL}/{query}", headers,
                                 **{"tls": self.tls, **options})

    async def upload(self, log, query="", headers=None, kind=TEXT):
        """Begins a chunked append; send() pieces, then finish()."""
        connection = await self.connect()
        sent = {"Content-Type": kind, "Transfer-Encoding": "chunked", **(headers or {})}
        await connection.send(request_bytes("POST", f"{BASE}/{log}/entries{query}", sent))
        return Upload(connection)


class Upload:
    def __init__(self, connection):
        self.connection = connection

    async def send(self, data):
        await self.connection.send(chunk(data))

    async def finish(self):
        await self.connection.send(chunk(b""))
        return await self.connection.response()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.connection.abort()
