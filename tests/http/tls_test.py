"""TLS: versions, ciphers, ALPN, tickets, cuts, new certificates, slow handshakes, clear text."""

import asyncio
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest
import warnings
import zlib

from support.api import BASE, Api, new_log
from support.case import AsyncCase, ServerCase
from support.http import TIMEOUT_SECONDS, Connection, request_bytes
from support.server import Server, binary_path
from support.tls import Certificate

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


async def metrics(api):
    """Values by name with labels, as in 'a{b="c"}'."""
    lines = (await api.get("/metrics")).text().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in lines if not line.startswith("#")}


def failed(cause):
    return f'tailrace_tls_handshakes_failed_total{{cause="{cause}"}}'


async def until(condition, seconds=30):
    """Waits for a condition that is a coroutine function, and returns what it gave."""
    for _ in range(int(seconds / 0.05)):
        if value := await condition():
            return value
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that")


class TlsCase(ServerCase):
    more_settings = {}

    @classmethod
    def make_certificate(cls):
        made = Certificate()
        cls.addClassCleanup(made.remove)
        return made

    @classmethod
    def setUpClass(cls):
        cls.certificate = cls.make_certificate()
        cls.settings = {**cls.certificate.settings(), **cls.more_settings}
        super().setUpClass()
        cls.api = Api(cls.server.port, tls=cls.certificate.client())


class TlsTest(TlsCase):
    async def test_a_log_from_the_first_line_to_the_end(self):
        for version in (V12, V13):
            api = Api(self.server.port, tls=self.certificate.client(version))
            log = new_log()
            async with await api.stream(log) as stream:
                transport = stream.connection.writer.get_extra_info("ssl_object")
                self.assertEqual(transport.version(), version.name.replace("_", "."))
                async with await api.upload(log, "?end=succeeded") as upload:
                    for n in range(20):
                        await upload.send(f"line {n}\n".encode())
                    answer = (await upload.finish()).json()
                self.assertEqual(answer["stored"], 20)
                events = await stream.to_end()
            self.assertEqual([event.data for event in events[:-1]],
                             [f"line {n}" for n in range(20)])
            self.assertEqual(events[-1].event, "end")

    async def test_megabytes_both_ways(self):
        """A body of many records arrives whole; so does an answer to a client that reads late."""
        log = new_log()
        body = "".join(f"{n} {'x' * (n % 997)}\n" for n in range(12_000))
        self.assertEqual((await self.api.append(log, body)).json()["stored"], 12_000)
        async with await self.api.connect(receive_buffer=4096) as connection:
            await connection.send(request_bytes("GET", f"/api/v1/logs/{log}/raw"))
            await asyncio.sleep(0.3)
            self.assertEqual((await connection.response()).text(), body)

    async def test_compressed_stream(self):
        log = new_log()
        await self.api.append(log, "before\n" * 1000)
        coded = {"Accept-Encoding": "gzip"}
        async with await self.api.stream(log, headers=coded) as stream:
            self.assertEqual(stream.response.header("Content-Encoding"), "gzip")
            decoder = zlib.decompressobj(wbits=31)
            text = b""
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while text.count(b"data: before") < 1000:
                    text += decoder.decompress(await anext(stream.pieces))
                await self.api.append(log, "after\n")
                while b"data: after" not in text:
                    text += decoder.decompress(await anext(stream.pieces))

    async def test_old_versions_are_refused(self):
        before = await metrics(self.api)
        context = self.certificate.client(verify=False)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(ssl.SSLError):
            await Connection.open(self.server.port, tls=context)
        after = await metrics(self.api)
        self.assertEqual(after[failed("version")] - before[failed("version")], 1)

    async def test_protocol(self):
        for offered, chosen in (((), None), (("http/1.1",), "http/1.1"),
                                (("spdy/3", "http/1.1"), "http/1.1")):
            context = self.certificate.client(protocols=offered)
            async with await Connection.open(self.server.port, tls=context) as connection:
                ssl_object = connection.writer.get_extra_info("ssl_object")
                self.assertEqual(ssl_object.selected_alpn_protocol(), chosen)
                self.assertEqual((await connection.request("GET", "/healthz")).status, 200)
        with self.assertRaises(ssl.SSLError):
            await Connection.open(self.server.port,
                                  tls=self.certificate.client(protocols=["spdy/3"]))

    async def test_http2_is_what_was_chosen(self):
        """The bytes that follow must be of the protocol that ALPN has chosen."""
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
        request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        settings = b"\4\0\0\0\0\0"    # of a SETTINGS frame, behind its length's two bytes
        for protocols, sent, first in (
                (("h2", "http/1.1"), preface, settings), (("h2",), preface, settings),
                (("h2",), request, b""), (("http/1.1",), preface, b"HTTP/1.1 "),
                ((), preface, settings)):
            context = self.certificate.client(protocols=protocols)
            async with await Connection.open(self.server.port, tls=context) as connection:
                await connection.send(sent)
                got = await connection.reader.read(100)
                self.assertTrue(got[3:].startswith(first) if first == settings else
                                got.startswith(first) and bool(got) == bool(first),
                                (protocols, sent, got))
        async with await Connection.open(self.server.port) as connection:
            await connection.send(preface)
            self.assertTrue((await connection.rest()).startswith(b"HTTP/1.1 "))

    async def test_http2(self):
        log = new_log()
        await self.api.append(log, "one\ntwo\n", query="?end=succeeded")
        answer = subprocess.run(
            ["/usr/bin/curl", "-sk", "--http2", "-w", "%{http_version}",
             f"https://127.0.0.1:{self.server.port}{BASE}/{log}/raw"],
            capture_output=True, check=True, timeout=30)
        self.assertEqual(answer.stdout, b"one\ntwo\n2")

    async def test_sessions_are_resumed(self):
        for version in (V12, V13):
            context = self.certificate.client(version)
            session = None
            before = await metrics(self.api)
            for resumed in (False, True):
                session, was = await asyncio.to_thread(self.ask, context, session)
                self.assertEqual(was, resumed)
            after = await metrics(self.api)
            name = 'tailrace_tls_handshakes_total{kind="resumed"}'
            self.assertEqual(after[name] - before[name], 1)

    def ask(self, context, session):
        """One request on a connection of its own; its session, and whether that was resumed."""
        with socket.create_connection(("127.0.0.1", self.server.port), TIMEOUT_SECONDS) as sock:
            with context.wrap_socket(sock, server_hostname="localhost", session=session) as client:
                client.sendall(request_bytes("GET", "/healthz"))
                self.assertIn(b" 200 ", client.recv(4096))
                return client.session, client.session_reused

    async def test_clear_text_is_told_so(self):
        before = await metrics(self.api)
        async with await Connection.open(self.server.port) as connection:
            response = await connection.request("GET", "/healthz")
            self.check_problem(response, 400, "TLS", "https://")
            self.assertEqual(await connection.rest(), b"")
        clear = Api(self.server.port)
        log = new_log()
        self.check_problem(await clear.append(log, "x\n"), 400, "https://")
        self.assertEqual((await self.api.meta(log)).status, 404)
        after = await metrics(self.api)
        self.assertEqual(after[failed("clear_text")] - before[failed("clear_text")], 2)

    async def test_garbage_is_closed(self):
        for garbage in (b"\x16\x03\x01\x00\x05hello", b"\x16" * 600, b"\x80" * 600, b"\0\r\n\r\n"):
            async with await Connection.open(self.server.port) as connection:
                await connection.send(garbage)
                await connection.rest()     # something or nothing, but an end

    async def test_an_upload_that_is_cut_is_not_taken_for_whole(self):
        log = new_log()
        await self.api.create(log)
        async with await self.api.upload(log) as upload:
            await upload.send(b"one\n")
            await upload.send(b"tw")
            await until(lambda: self.has_entries(log, 1))
            upload.connection.writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await asyncio.sleep(0.2)
        self.assertEqual(await self.api.texts(log), ["one"])

    async def has_entries(self, log, count):
        return len(await self.api.texts(log)) == count

    async def test_the_end_is_said_to_tls(self):
        """close_notify comes behind the last byte, so that no client takes the end for a cut."""
        log = new_log()
        await self.api.append(log, "x\n", query="?end=succeeded")
        def read_all():
            context = self.certificate.client()
            address = ("127.0.0.1", self.server.port)
            with socket.create_connection(address, TIMEOUT_SECONDS) as sock:
                with context.wrap_socket(sock, server_hostname="localhost",
                                         suppress_ragged_eofs=False) as client:
                    client.sendall(request_bytes("GET", f"/api/v1/logs/{log}/events"))
                    text = b""
                    while piece := client.recv(4096):   # an end without close_notify raises
                        text += piece
                    return text
        text = await asyncio.to_thread(read_all)
        self.assertTrue(text.endswith(b"0\r\n\r\n"), text[-200:])

    async def test_commands(self):
        """The client verbs over https, trusting a certificate of our own."""
        log = new_log()
        def run(*words, **environment):
            command = [binary_path(), *words]
            url = f"https://127.0.0.1:{self.server.port}"
            return subprocess.run(command, capture_output=True, text=True, check=False, env={
                "PATH": "/usr/bin:/bin", "HOME": str(self.certificate.folder),
                "TAILRACE_URL": url, **environment}, timeout=60)
        trust = {"TAILRACE_CA_FILE": self.certificate.cert}
        done = await asyncio.to_thread(run, "exec", log, "--", "echo", "hello", **trust)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done)
        self.assertIn(f"https://127.0.0.1:{self.server.port}/logs/{log}", done.stderr)
        done = await asyncio.to_thread(run, "tail", "-f", log, **trust)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done)
        done = await asyncio.to_thread(run, "list", "--json", **trust)
        self.assertIn(log.split("/")[1], done.stdout)
        done = await asyncio.to_thread(run, "list")
        self.assertEqual(done.returncode, 69)
        self.assertIn("TAILRACE_CA_FILE", done.stderr)
        done = await asyncio.to_thread(run, "list", TAILRACE_CA_FILE="/nowhere/ca.pem")
        self.assertEqual(done.returncode, 2)
        self.assertIn("/nowhere/ca.pem cannot be read", done.stderr)


class TlsCiphersTest(TlsCase):
    """What a scanner sees, with an RSA key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificate.make("rsa", key="rsa")
        cls.server.kill()
        cls.server.start()

    async def test_only_what_is_safe_is_offered(self):
        scan = await asyncio.create_subprocess_exec(
            "sslscan", "--no-colour", "--no-check-certificate", f"127.0.0.1:{self.server.port}",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        async with asyncio.timeout(120):
            report = (await scan.communicate())[0].decode()
        for name in ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"):
            self.assertRegex(report, rf"{name} +disabled")
        for name in ("TLSv1.2", "TLSv1.3"):
            self.assertRegex(report, rf"{name} +enabled")
        self.assertIn("Session renegotiation not supported", report)
        self.assertNotIn("vulnerable to heartbleed", report.replace("not vulnerable", ""))
        ciphers = [line.split()[4] for line in report.splitlines()
                   if line.startswith(("Preferred", "Accepted"))]
        self.assertEqual(ciphers, [
            "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
            "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
            "ECDHE-RSA-CHACHA20-POLY1305"], report)


class TlsReloadTest(TlsCase):
    more_settings = {"tls.watch": "100ms"}

    async def name(self):
        """Of the certificate that a new client is shown."""
        context = self.certificate.client(verify=False)
        async with await Connection.open(self.server.port, tls=context) as connection:
            shown = connection.writer.get_extra_info("ssl_object").getpeercert(True)
        done = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject",
                               "-nameopt", "multiline"], input=shown, capture_output=True,
                              check=True)
        return done.stdout.decode().rpartition("=")[2].strip()

    async def is_shown(self, name):
        return await self.name() == name

    async def test_new_certificates_under_live_viewers(self):
        log = new_log()
        # Each request is a connection of its own: it must not mind what the server is called.
        api = Api(self.server.port, tls=self.certificate.client(verify=False))
        async with await api.stream(log) as stream:
            self.certificate.make("by-watching")
            await until(lambda: self.is_shown("by-watching"))
            self.certificate.make("by-signal")
            self.server.process.send_signal(signal.SIGHUP)
            await until(lambda: self.is_shown("by-signal"))
            await api.append(log, "still here\n")
            self.assertEqual((await stream.next()).data, "still here")
            before = await metrics(api)
            self.assertGreater(before["tailrace_tls_certificate_expiry_timestamp_seconds"], 1.7e9)

            with open(self.certificate.key, "w", encoding="ascii") as key:
                key.write("nothing of use\n")
            async def has_failed():
                now = await metrics(api)
                name = 'tailrace_tls_reloads_total{result="failed"}'
                return now[name] > before[name]
            await until(has_failed)
            self.assertEqual(await self.name(), "by-signal")
            self.assertIn("holds no private key in PEM form", self.server.log_text())
            await api.append(log, "and now\n")
            self.assertEqual((await stream.next()).data, "and now")
            self.certificate.make("mended")
            await until(lambda: self.is_shown("mended"))


class TlsSecretTest(TlsReloadTest):
    """The files are links into a folder that is itself a link, which is what is replaced: so a
    secret of Kubernetes is mounted."""

    @classmethod
    def make_certificate(cls):
        first = Certificate("first")
        cls.addClassCleanup(first.remove)
        cls.mounted = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-secret-"))
        cls.addClassCleanup(shutil.rmtree, cls.mounted)
        cls.mount(first)
        for name in ("cert.pem", "key.pem"):
            (cls.mounted / name).symlink_to(pathlib.Path("..data") / name)
        first.cert, first.key = (str(cls.mounted / name) for name in ("cert.pem", "key.pem"))
        return first

    @classmethod
    def mount(cls, certificate):
        """Both files change in one step."""
        (cls.mounted / "..next").symlink_to(certificate.folder)
        (cls.mounted / "..next").rename(cls.mounted / "..data")

    async def test_new_certificates_under_live_viewers(self):
        api = Api(self.server.port, tls=self.certificate.client(verify=False))
        log = new_log()
        async with await api.stream(log) as stream:
            self.assertEqual(await self.name(), "first")
            for name in ("second", "third"):
                renewed = Certificate(name)
                self.addCleanup(renewed.remove)
                self.mount(renewed)
                await until(lambda name=name: self.is_shown(name))
            await api.append(log, "still here\n")
            self.assertEqual((await stream.next()).data, "still here")
            after = await metrics(api)
            self.assertEqual(after['tailrace_tls_reloads_total{result="failed"}'], 0)


class TlsHandshakeTest(TlsCase):
    more_settings = {"workers": 1, "limits.tls_handshake_timeout": "4s"}

    async def test_slow_handshakes_are_closed_and_hurt_nobody(self):
        log = new_log()
        hello = ssl.MemoryBIO()
        client = self.certificate.client().wrap_bio(ssl.MemoryBIO(), hello,
                                                    server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        first = hello.read()
        before = await metrics(self.api)
        async with await self.api.stream(log) as stream:
            slow = [await Connection.open(self.server.port) for _ in range(100)]
            for n, connection in enumerate(slow):   # nothing, a part, all of the first message
                await connection.send(first[:(0, 1, 100, len(first))[n % 4]])
            for n in range(20):
                await self.api.append(log, f"line {n}\n")
                self.assertEqual((await stream.next()).data, f"line {n}")
            for n, connection in enumerate(slow):
                rest = await connection.rest()
                self.assertEqual(rest.startswith(b"\x16\x03\x03"), n % 4 == 3, rest[:20])
                connection.abort()
            await self.api.append(log, "last\n")
            self.assertEqual((await stream.next()).data, "last")
        async def all_counted():
            now = await metrics(self.api)
            return now[failed("timeout")] - before[failed("timeout")] == 100
        await until(all_counted)
        self.assertLessEqual((await metrics(self.api))["tailrace_tls_handshakes_pending"], 1)

    async def test_quiet_after_the_handshake_is_no_slow_handshake(self):
        before = await metrics(self.api)
        async with await self.api.connect() as connection:
            await asyncio.sleep(4.5)
            self.assertEqual((await connection.request("GET", "/healthz")).status, 200)
        after = await metrics(self.api)
        self.assertEqual(after[failed("timeout")], before[failed("timeout")])


class TlsSlowViewerTest(TlsCase):
    more_settings = {"workers": 1, "store.cache_bytes": "8MiB", "streams.feed_bytes": "1MiB",
                     "streams.catch_up_cache_bytes": "4MiB"}

    async def test_viewers_that_never_read_cost_no_more_than_a_record(self):
        log = new_log()
        body = ("y" * 999 + "\n") * 1000
        async def write(megabytes):
            for _ in range(megabytes):
                self.assertEqual((await self.api.append(log, body)).status, 200)
        await write(8)
        stuck = []
        for _ in range(30):
            stream = await self.api.stream(log, "?tail=0", receive_buffer=4096)
            stream.connection.writer.transport.pause_reading()
            stuck.append(stream)
        before = self.server.rss_bytes()
        async with await self.api.stream(log, "?tail=0&format=batch") as reader:
            await write(40)
            seen = 0
            while seen < 40_000:
                seen += len((await reader.next()).json()["entries"])
        # Of 1.2 GB, if each held what it has not read; the store's write buffer grows, too.
        self.check_memory(before, 96 << 20)
        for stream in stuck:
            stream.abort()

    async def test_a_viewer_that_slept_gets_everything(self):
        log = new_log()
        async with await self.api.stream(log, "", receive_buffer=4096) as stream:
            for _ in range(6):
                await self.api.append(log, ("y" * 999 + "\n") * 1000)
            await self.api.append(log, "last\n", query="?end=succeeded")
            await asyncio.sleep(0.3)
            events = await stream.to_end(60)
        self.assertEqual([event.event for event in events].count("message"), 6001)
        self.assertEqual((events[-2].data, events[-1].event), ("last", "end"))


class TlsListenTest(AsyncCase):
    def setUp(self):
        super().setUp()
        self.certificate = Certificate()
        self.addCleanup(self.certificate.remove)

    async def test_clear_text_beside_it(self):
        server = Server(settings=self.certificate.settings())
        other = server.port + 1
        path = str(self.certificate.folder / "socket")
        server.listen += [f"http://127.0.0.1:{other}", f"unix:{path}"]
        self.addCleanup(server.stop)
        server.start()
        self.assertEqual((await Api(other).get("/healthz")).status, 200)
        api = Api(server.port, tls=self.certificate.client())
        self.assertEqual((await api.get("/healthz")).status, 200)
        reader, writer = await asyncio.open_unix_connection(path)
        self.assertEqual((await Connection(reader, writer).request("GET", "/healthz")).status, 200)
        writer.close()

    async def test_mistakes_are_told_at_the_start(self):
        for settings, words in (
                ({"tls.cert": self.certificate.cert}, "tls.cert and tls.key"),
                ({"tls.cert": "/nowhere", "tls.key": self.certificate.key}, "/nowhere: cannot"),
                ({"tls.cert": self.certificate.key, "tls.key": self.certificate.key},
                 "holds no certificate")):
            server = Server(settings=settings)
            self.addCleanup(server.stop)
            server.spawn()
            self.assertIn(server.wait(), (1, 2))
            self.assertIn(words, server.log_text())


if __name__ == "__main__":
    unittest.main()
