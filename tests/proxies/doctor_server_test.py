"""tailrace doctor where it is the server that has to be changed, or cannot be asked."""

import contextlib
import json
import socket
import time

from support.access import create_token
from support.doctor import HOST, TELL, DoctorCase
from support.front import Nginx, documented
from support.server import Server, free_port
from support.tls import Certificate


class ServerDoctorTest(DoctorCase):
    def front_of(self, server, lines=TELL + HOST, place="/"):
        port = free_port()
        front = Nginx(f"server {{ listen 127.0.0.1:{port}; location {place} {{ "
                      f"proxy_pass http://127.0.0.1:{server.port}; {lines} }} }}", port).start()
        self.addCleanup(front.stop)
        return f"http://127.0.0.1:{port}"

    def serve(self, **settings):
        server = Server(settings=settings).start()
        self.addCleanup(server.stop)
        return server

    def test_a_proxy_that_is_not_trusted_and_a_server_that_is_away(self):
        server = self.serve()
        url = self.front_of(server)
        said = self.doctor(url, "--silence", "0", code=1)
        self.assertIn("[not-trusted]\n    tailrace serve --trusted-proxies 127.0.0.1\n", said)
        server.kill()
        self.assertIn("a proxy answers 502", self.doctor(url, code=1))

    def test_sub_paths(self):
        server = self.serve(trusted_proxies=["127.0.0.1"])
        url = self.front_of(server, TELL + HOST, "/logs/")
        self.assertIn("[no-probe]", self.doctor(url + "/logs", code=1))
        below = self.serve(trusted_proxies=["127.0.0.1"], base_path="/logs")
        self.doctor(self.front_of(below, TELL + HOST, "/logs/") + "/logs/", "--silence", "0")
        cut_off = TELL + HOST + "rewrite ^/logs(/.*) $1 break;"
        said = self.doctor(self.front_of(server, cut_off, "/logs/") + "/logs", "--silence", "0",
                           code=1)
        self.assertIn("tailrace serve --base-path /logs", said)

    def test_forwarded_is_what_the_server_reads(self):
        server = self.serve(trusted_proxies=["127.0.0.1"], forwarded_headers="forwarded")
        line = r"""proxy_set_header Forwarded 'for=$remote_addr;host="$http_host"';"""
        seen = self.examine(self.front_of(server, HOST + line), "--silence", "0")[0]
        self.assertEqual(self.faults(seen), [])
        seen = self.examine(self.front_of(server, HOST), "--silence", "0", code=1)[0]
        self.assertEqual(self.faults(seen), ["drops-client"])
        self.assertIn("nginx: proxy_set_header Forwarded", seen["findings"][0]["advice"][0])

    def test_a_proxy_that_passes_on_only_what_is_the_portals(self):
        """docs/proxies/nginx-uwsgi.conf; the rest is the portal's, which sends to its login."""
        uwsgi, port = free_port(), free_port()
        self.serve(trusted_proxies=["127.0.0.1"], listen_uwsgi=[f"127.0.0.1:{uwsgi}"])
        text = documented("nginx-uwsgi.conf", {
            "listen 80;": f"listen 127.0.0.1:{port}; location / {{ return 302 /login/; }}",
            "127.0.0.1:8000": f"127.0.0.1:{uwsgi}"})
        front = Nginx(text, port).start()
        self.addCleanup(front.stop)
        seen = self.examine(f"http://127.0.0.1:{port}", "--silence", "0")[0]
        self.assertEqual(seen["hello"]["protocol"], "uwsgi")
        self.assertEqual(self.faults(seen), [])
        seen = self.examine(f"http://127.0.0.1:{port}/elsewhere", "--silence", "0", code=1)[0]
        self.assertEqual((seen["status"], self.faults(seen)), (302, ["no-probe"]))

    def test_without_a_proxy_by_tls_and_http2(self):
        certificate = Certificate()
        self.addCleanup(certificate.remove)
        server = self.serve(**certificate.settings())
        seen = self.examine(f"https://localhost:{server.port}", "--silence", "500ms",
                            environment={"TAILRACE_CA_FILE": certificate.cert})[0]
        self.assertTrue(seen["http2"])
        self.assertEqual((seen["proxy"], seen["findings"]), ("", []))

    def test_nobody_there(self):
        said = self.doctor(f"http://127.0.0.1:{free_port()}", code=69)
        self.assertIn("[unreachable]", said)
        self.assertIn("must begin with http", self.doctor("ftp://x", code=2))

    def token_of(self, server):
        token = create_token(server, "doctor", "read", "team/*")
        give_up = time.monotonic() + 60
        while "tokens=1" not in server.log_text():
            self.assertLess(time.monotonic(), give_up)
            time.sleep(0.02)
        return token

    def test_access_control(self):
        server = self.serve(**{"access.enabled": True, "trusted_proxies": ["127.0.0.1"],
                               "grant": [{"anyone": True, "logs": "none/*", "may": "write"}]})
        token = self.token_of(server)
        good = self.front_of(server)
        deaf = self.front_of(server, TELL + HOST + "proxy_set_header Authorization '';")
        self.assertIn("[not-permitted]", self.doctor(good, code=77))
        self.assertIn("[not-permitted]",
                      self.doctor(good, code=77, environment={"TAILRACE_TOKEN": "tlr_wrong"}))
        mine = {"TAILRACE_TOKEN": token}
        seen = self.examine(good, "--silence", "0", environment=mine)[0]
        self.assertEqual(self.faults(seen), [])
        self.assertNotIn(token, json.dumps(seen))
        seen = self.examine(deaf, "--silence", "0", code=1, environment=mine)[0]
        self.assertEqual(self.faults(seen), ["drops-authorization"])
        # To one who reads only, an address that no trusted proxy told is not told.
        port = server.port
        direct = self.examine(f"http://127.0.0.1:{port}", "--silence", "0", environment=mine)[0]
        self.assertEqual(direct["hello"]["client"], "127.0.0.1")
        strict = self.serve(**{"access.enabled": True})
        token = self.token_of(strict)
        seen = self.examine(self.front_of(strict), "--silence", "0", code=1,
                            environment={"TAILRACE_TOKEN": token})[0]
        self.assertEqual(seen["hello"]["client"], "")
        self.assertIn("not-trusted", self.faults(seen))

    def test_probes_are_bounded(self):
        server = self.serve()
        with contextlib.ExitStack() as stack:
            for _ in range(16):
                client = stack.enter_context(
                    socket.create_connection(("127.0.0.1", server.port), 60))
                client.sendall(b"GET /api/v1/doctor?silence_ms=120000 HTTP/1.1\r\n"
                               b"Host: x\r\n\r\n")
                got = b""
                while b"event: hello" not in got:
                    piece = client.recv(4096)
                    self.assertTrue(piece, got)
                    got += piece
            said = self.doctor(f"http://127.0.0.1:{server.port}", code=69)
            self.assertIn("only 16 of these are answered at the same time", said)
        for query, field in (("silence_ms=120001", "silence_ms"), ("beats=9", "beats")):
            with socket.create_connection(("127.0.0.1", server.port), 60) as client:
                client.sendall(f"GET /api/v1/doctor?{query} HTTP/1.1\r\nHost: x\r\n"
                               "Connection: close\r\n\r\n".encode())
                got = b""
                while piece := client.recv(4096):
                    got += piece
            self.assertIn(b" 400 ", got.splitlines()[0])
            self.assertIn(f'"field":"{field}"'.encode(), got)
