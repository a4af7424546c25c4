"""The uwsgi protocol as nginx speaks it, and as it must not be spoken."""

import asyncio
import json
import pathlib
import struct
import tempfile

from support.api import BASE, PORTAL, Api, new_log
from support.case import AsyncCase
from support.front import Nginx, documented
from support.http import TIMEOUT_SECONDS, Connection
from support.server import Server, free_port
from support.sse import Stream

# Besides the documented one: what people have, each in a location of its own.
LOCATIONS = """
server {{
  listen 127.0.0.1:{port};
  client_max_body_size 200m;
  location / {{ uwsgi_pass 127.0.0.1:{uwsgi}; include uwsgi_params; }}
  location /api/v1/sse/ {{
    uwsgi_pass unix:{path}; include uwsgi_params; uwsgi_request_buffering off;
  }}
  location /moved/ {{
    rewrite ^/moved/(.*)$ /$1 break;
    uwsgi_pass 127.0.0.1:{uwsgi}; include uwsgi_params; uwsgi_request_buffering off;
  }}
}}
"""


def sized(data):
    return struct.pack("<H", len(data)) + data


def packet(variables, body=b""):
    data = b"".join(sized(name.encode()) + sized(value.encode("latin-1"))
                    for name, value in variables.items())
    return b"\0" + struct.pack("<H", len(data)) + b"\0" + data + body


def request(method, path, query="", body=None, **fields):
    return packet({"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query,
                   "CONTENT_LENGTH": "" if body is None else str(len(body)),
                   "CONTENT_TYPE": "" if body is None else "text/plain",
                   **fields}, body or b"")


class UwsgiCase(AsyncCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="tailrace-uwsgi-")
        path = str(pathlib.Path(cls.folder.name, "uwsgi.sock"))
        cls.uwsgi = free_port()
        cls.server = Server(settings={"listen_uwsgi": [f"127.0.0.1:{cls.uwsgi}", f"unix:{path}"],
                                      **cls.settings}).start()
        cls.api = Api(cls.server.port)
        cls.path = path

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        cls.folder.cleanup()
        if code is not None:
            raise AssertionError(f"the server died with {code}")

    async def viewers(self, protocol="uwsgi"):
        text = (await self.api.get("/metrics")).text()
        for line in text.splitlines():
            if line.startswith(f'tailrace_protocol_event_streams{{protocol="{protocol}"}}'):
                return float(line.rpartition(" ")[2])
        raise AssertionError(text)

    async def until_viewers(self, count):
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while await self.viewers() != count:
                await asyncio.sleep(0.02)


class UwsgiNginxTest(UwsgiCase):
    settings = {"trusted_proxies": ["127.0.0.1", "unix"], "log_level": "debug"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = free_port()
        port = free_port()
        text = documented("nginx-uwsgi.conf", {"listen 80": f"listen 127.0.0.1:{port}",
                                               "127.0.0.1:8000": f"127.0.0.1:{cls.uwsgi}"})
        text += LOCATIONS.format(port=cls.plain, uwsgi=cls.uwsgi, path=cls.path)
        cls.nginx = Nginx(text, port).start()
        cls.behind = Api(cls.plain)

    @classmethod
    def tearDownClass(cls):
        cls.nginx.stop()
        super().tearDownClass()

    async def check_live(self, stream_of):
        log = new_log()
        await self.api.append(log, "before\n")
        async with await stream_of(log) as stream:
            self.assertEqual(stream.response.status, 200)
            self.assertEqual(stream.response.header("Content-Type"), "text/event-stream")
            self.assertEqual((await stream.next()).data, "before")
            for n in range(5):  # the next is written when the one before has been seen
                await self.api.append(log, f"live {n}\n")
                self.assertEqual((await stream.next()).data, f"live {n}")
            await self.api.end(log)
            return await stream.to_end()

    @staticmethod
    def portal_query(log):
        kind, _, name = log.partition("/")
        return f"?type={kind}&id={name}"

    async def test_the_documented_location_works_as_it_is(self):
        events = await self.check_live(
            lambda log: Api(self.nginx.port).portal(self.portal_query(log)))
        self.assertEqual([event.data for event in events], ["[DONE]"])

    async def test_and_without_its_last_line(self):
        events = await self.check_live(lambda log: self.behind.portal(self.portal_query(log)))
        self.assertEqual([event.data for event in events], ["[DONE]"])
        events = await self.check_live(self.behind.stream)
        self.assertEqual([event.event for event in events], ["end"])

    async def test_a_viewer_goes_on_where_it_was_and_stops_at_the_end(self):
        log = new_log()
        await self.api.append(log, "a\nb\nc\n", query="?end=succeeded")
        async with await self.behind.stream(log) as stream:
            first = await stream.next()
        async with await self.behind.stream(log, headers={"Last-Event-ID": first.id}) as stream:
            events = await stream.to_end()
        self.assertEqual([event.data for event in events[:-1]], ["b", "c"])
        last = {"Last-Event-ID": events[-1].id}
        answer = await self.behind.get(f"{BASE}/{log}/events", last)
        self.assertEqual(answer.status, 204)

    async def test_compressed_streams_are_passed_on(self):
        log = new_log()
        await self.api.append(log, "a\nb\n", query="?end=succeeded")
        async with await self.behind.stream(log, headers={"Accept-Encoding": "gzip"}) as stream:
            self.assertEqual(stream.response.header("Content-Encoding"), "gzip")
            self.assertEqual(len(await stream.to_end()), 3)

    async def test_a_client_that_goes_is_noticed(self):
        log = new_log()
        await self.api.append(log, "a\n")
        stream = await self.behind.stream(log)
        await stream.next()
        await self.until_viewers(1)
        stream.abort()
        await self.until_viewers(0)

    async def test_uploads_of_every_size(self):
        for path in ("", "/moved"):
            for lines in (1, 1_000, 200_000):
                log = new_log()
                body = "".join(f"{n}\n" for n in range(lines))
                answer = await self.behind.request(
                    "POST", f"{path}{BASE}/{log}/entries", {"Content-Type": "text/plain"}, body)
                self.assertEqual(answer.status, 200, answer)
                self.assertEqual(answer.json()["stored"], lines)
                meta = (await self.api.meta(log)).json()
                self.assertEqual(meta["position"], lines)

    async def test_a_chunked_upload(self):
        """nginx gathers it first."""
        log = new_log()
        async with await self.behind.upload(log) as upload:
            await upload.send(b"a\n")
            await upload.send(b"b\n")
            answer = await upload.finish()
        self.assertEqual(answer.json()["stored"], 2)

    async def test_answers_of_every_kind(self):
        log = new_log()
        await self.api.append(log, "a\n" * 5000)
        page = await self.behind.page(log, "?limit=5000")
        self.assertEqual(len(page.json()["entries"]), 5000)
        self.assertEqual((await self.behind.get(f"{BASE}/{log}/raw")).body, b"a\n" * 5000)
        self.assertEqual((await self.behind.meta("no/such")).status, 404)
        self.assertEqual((await self.behind.meta("no/s%20x")).status, 400)
        answer = await self.behind.request("PATCH", f"{BASE}/{log}")
        self.assertEqual(answer.status, 405)
        answer = await self.behind.request("HEAD", f"{BASE}/{log}")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.body, b"")
        etag = (await self.behind.meta(log)).header("ETag")
        self.assertEqual((await self.behind.meta(log, {"If-None-Match": etag})).status, 304)

    async def test_the_client_is_who_nginx_says(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.plain,
                                                       local_addr=("127.0.0.42", 0))
        async with Connection(reader, writer) as connection:
            answer = await connection.request("GET", f"{BASE}/no/such",
                                              {"X-Forwarded-For": "6.6.6.6"})
        name = answer.header("X-Request-Id")
        self.assertRegex(self.server.log_text(), rf"request={name} .* client=127\.0\.0\.42 ")

    async def test_the_portals_first_request(self):
        log = new_log()
        await self.api.append(log, "a\nb\n")
        answer = await self.behind.get(f"{PORTAL}/initial{self.portal_query(log)}")
        self.assertEqual(json.loads(answer.body), {"log": "a\nb", "num": 2, "done": False})


class UwsgiProtocolTest(UwsgiCase):
    settings = {"limits.header_timeout": "3s", "limits.body_timeout": "3s",
                "limits.body_bytes": "1KiB"}

    async def ask(self, data, pieces=None):
        connection = await Connection.open(self.uwsgi)
        async with connection:
            for piece in pieces or [data]:
                await connection.send(piece)
            answer = await connection.response()
            self.assertEqual(await connection.rest(), b"")  # the connection ends
            return answer

    async def test_one_byte_at_a_time(self):
        data = request("GET", "/healthz")
        answer = await self.ask(data, [data[n:n + 1] for n in range(len(data))])
        self.assertEqual(answer.status, 200)

    async def test_an_answer_ends_with_its_connection(self):
        log = new_log()
        answer = await self.ask(request("POST", f"{BASE}/{log}/entries", body=b"a\nb\n"))
        self.assertEqual(answer.json()["stored"], 2)
        self.assertIsNone(answer.header("Transfer-Encoding"))
        async with await Connection.open(self.uwsgi) as connection:
            await connection.send(request("GET", f"{BASE}/{log}/events", "from=1"))
            response = await connection.head()
            self.assertIsNone(response.header("Transfer-Encoding"))
            stream = Stream(connection, response)
            self.assertEqual((await stream.next()).data, "b")
            await self.api.end(log)
            self.assertEqual([event.event for event in await stream.to_end()], ["end"])

    async def test_errors_are_those_of_http(self):
        for status, data in (
                (400, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
                (400, packet({"REQUEST_METHOD": "GET"})),
                (400, b"\0\x03\0\0" + b"\xff\xff\0"),
                (404, request("GET", "/no")),
                (413, request("PUT", f"{BASE}/a/b", body=b"x" * 1025)),
                (431, b"\0\xff\xff\0"),
                (431, packet({"REQUEST_METHOD": "GET", "PATH_INFO": "/",
                              **{f"HTTP_X{n}": "" for n in range(101)}})),
                (501, request("BREW", "/"))):
            answer = await self.ask(data)
            self.assertEqual(answer.status, status, data[:60])
            if status != 404:
                self.assertEqual(answer.header("Content-Type"), "application/problem+json")

    async def test_a_request_that_does_not_come_is_ended(self):
        async def ended(data):
            async with await Connection.open(self.uwsgi) as connection:
                await connection.send(data)
                self.assertEqual((await connection.response()).status, 408)

        await asyncio.gather(
            ended(request("GET", "/healthz")[:-3]),
            ended(request("POST", f"{BASE}/{new_log()}/entries", body=b"abc\n")[:-1]))

    async def test_what_comes_behind_the_request_is_not_read_as_one(self):
        answer = await self.ask(request("GET", "/healthz") + request("DELETE", f"{BASE}/a/b"))
        self.assertEqual(answer.status, 200)

    async def test_over_a_unix_socket(self):
        reader, writer = await asyncio.open_unix_connection(self.path)
        async with Connection(reader, writer) as connection:
            await connection.send(request("GET", "/healthz"))
            self.assertEqual((await connection.response()).status, 200)
