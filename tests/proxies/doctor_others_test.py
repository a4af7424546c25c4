"""tailrace doctor through HAProxy and Caddy, once right and once for every fault, and through all
three as docs/proxies/ has them."""

import pathlib

from support.doctor import DoctorCase
from support.front import Caddy, HaProxy, Nginx, documented
from support.server import Server, free_port
from support.tls import Certificate

# Lines of a frontend, lines of its backend.
HAPROXY_TELLS = ("  http-request del-header X-Forwarded-For\n  option forwardfor\n"
                 "  http-request set-header X-Forwarded-Host %[req.hdr(Host)]\n")
COMPRESSION = "  compression algo gzip\n  compression type text/event-stream\n"
HAPROXY = {
    "good": (HAPROXY_TELLS, "", None, ""),
    "buffers": (HAPROXY_TELLS, "  http-response wait-for-body time 20s at-least 60000\n",
                "buffers", "HAProxy: take out: http-response wait-for-body"),
    "cuts": (HAPROXY_TELLS, "  timeout server 1s\n", "cuts",
             "HAProxy: timeout server 75s and timeout client 75s"),
    # It obeys no-transform, unless another hop has taken that away.
    "well compresses": (HAPROXY_TELLS + COMPRESSION, "", None, ""),
    "compresses": (HAPROXY_TELLS + COMPRESSION, "TRANSFORM", "compresses",
                   "HAProxy: take text/event-stream out of: compression type;"),
    "last event": (HAPROXY_TELLS, "  http-request del-header Last-Event-ID\n",
                   "drops-last-event-id",
                   "HAProxy: take out: http-request del-header Last-Event-ID"),
    "host": ("  http-request del-header X-Forwarded-For\n  option forwardfor\n"
             "  http-request del-header X-Forwarded-Host\n",
             "  http-request set-header Host inner\n", "drops-host",
             "HAProxy: take out: http-request set-header Host"),
    "client": ("  http-request del-header X-Forwarded-For\n"
               "  http-request del-header X-Forwarded-Host\n", "", "drops-client",
               "HAProxy: option forwardfor"),
}
CADDY = {
    "good": ("", "", None, ""),
    "buffers": ("buffer_responses", "", "buffers", "Caddy: take out: buffer_responses"),
    "cuts": ("transport http {\n read_timeout 1s\n}", "", "cuts",
             "Caddy: transport http { read_timeout 75s }"),
    "compresses": ("header_down Cache-Control no-cache", "encode {\n gzip\n minimum_length 1\n}",
                   "compresses",
                   "Caddy: @rest not header Accept *text/event-stream* with encode @rest gzip;"),
    "authorization": ("header_up -Authorization", "", "drops-authorization",
                      "Caddy: take out: header_up -Authorization"),
    "cache": ("header_down -Cache-Control", "", "drops-cache-control",
              "Caddy: take out: header_down -Cache-Control"),
}


class HaProxyDoctorTest(DoctorCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings={"trusted_proxies": ["127.0.0.2"]}).start()
        cls.ports = {name: free_port() for name in HAPROXY}
        text = ("defaults\n  mode http\n  timeout connect 5s\n  timeout client 75s\n"
                "  timeout server 75s\n")
        inner = free_port()
        text += (f"listen inner\n  bind 127.0.0.1:{inner}\n"
                 "  http-response set-header Cache-Control no-cache\n"
                 f"  server one 127.0.0.1:{cls.server.port} source 127.0.0.2\n")
        for n, (name, case) in enumerate(HAPROXY.items()):
            text += (f"frontend f{n}\n  bind 127.0.0.1:{cls.ports[name]}\n{case[0]}"
                     f"  default_backend b{n}\nbackend b{n}\n")
            if case[1] == "TRANSFORM":
                text += f"  server one 127.0.0.1:{inner}\n"
            else:
                text += f"{case[1]}  server one 127.0.0.1:{cls.server.port} source 127.0.0.2\n"
        cls.front = HaProxy(text, cls.ports["good"]).start()

    @classmethod
    def tearDownClass(cls):
        cls.front.stop()
        cls.server.stop()

    def test_all(self):
        self.check_all(self.ports, HAPROXY, ("--proxy", "haproxy"))

    def test_it_does_not_say_its_name(self):
        said = self.doctor(f"http://127.0.0.1:{self.ports['last event']}", "--silence", "0", code=1)
        for name in ("nginx: ", "Caddy: ", "HAProxy: "):
            self.assertIn("    " + name, said)


class CaddyDoctorTest(DoctorCase):
    """Caddy cannot choose from where it asks: the doctor is on a trusted machine too."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings={"trusted_proxies": ["127.0.0.1"]}).start()
        cls.ports = {name: free_port() for name in CADDY}
        text = "".join(
            f"http://127.0.0.1:{cls.ports[name]} {{\n{case[1]}\n"
            f"reverse_proxy 127.0.0.1:{cls.server.port} {{\n{case[0]}\n}}\n}}\n"
            for name, case in CADDY.items())
        cls.front = Caddy(text, cls.ports["good"]).start()

    @classmethod
    def tearDownClass(cls):
        cls.front.stop()
        cls.server.stop()

    def test_all(self):
        self.check_all(self.ports, CADDY)


class TlsDoctorTest(DoctorCase):
    """The configurations of docs/proxies/ are well, over TLS and HTTP/2; without it there is a
    note."""

    @classmethod
    def setUpClass(cls):
        cls.certificate = Certificate()
        cls.server = Server(settings={"trusted_proxies": ["127.0.0.1"]}).start()
        cls.trust = {"TAILRACE_CA_FILE": cls.certificate.cert}

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.certificate.remove()

    def front(self, make, name, swap, old=None, new=""):
        port = free_port()
        text = documented(name, {
            "127.0.0.1:8080": f"127.0.0.1:{self.server.port}",
            **{key: value.format(port=port) for key, value in swap.items()}})
        front = make(text.replace(old, new) if old else text, port).start()
        self.addCleanup(front.stop)
        return f"https://localhost:{port}"

    def fronts(self, http2):
        files = {"/etc/ssl/logs/fullchain.pem": self.certificate.cert,
                 "/etc/ssl/logs/privkey.pem": self.certificate.key}
        bundle = pathlib.Path(self.certificate.cert).parent / "bundle.pem"
        bundle.write_text(pathlib.Path(self.certificate.cert).read_text()
                          + pathlib.Path(self.certificate.key).read_text())
        yield "nginx", self.front(Nginx, "nginx.conf",
                                  {"listen 443": "listen 127.0.0.1:{port}", **files},
                                  *(() if http2 else ("ssl http2;", "ssl;")))
        yield "haproxy", self.front(HaProxy, "haproxy.cfg",
                                    {"bind :443": "bind 127.0.0.1:{port}",
                                     "/etc/ssl/logs/bundle.pem": str(bundle)},
                                    *(() if http2 else (" alpn h2,http/1.1", "")))
        if http2:
            yield "caddy", self.front(Caddy, "Caddyfile",
                                      {"https://logs.example.org": "https://:{port}", **files})

    def test_the_documented_ones(self):
        for name, url in self.fronts(http2=True):
            with self.subTest(name):
                seen = self.examine(url, "--silence", "0", environment=self.trust)[0]
                self.assertTrue(seen["well"])
                self.assertTrue(seen["http2"])
                self.assertTrue(seen["hello"]["secure"])
                self.assertEqual(seen["findings"], [])

    def test_http_1_1_is_a_note(self):
        for name, url in self.fronts(http2=False):
            with self.subTest(name):
                seen = self.examine(url, "--silence", "0", "--proxy", name,
                                    environment=self.trust)[0]
                self.assertEqual([one["id"] for one in seen["findings"]], ["http1"])
                self.assertIn("http2" if name == "nginx" else "alpn h2",
                              seen["findings"][0]["advice"][0])

    def test_a_certificate_that_is_not_trusted(self):
        said = self.doctor(next(self.fronts(http2=True))[1], "--silence", "0", code=69)
        self.assertIn("certificate", said)

    def test_a_scheme_that_is_not_told(self):
        url = self.front(Nginx, "nginx.conf",
                         {"listen 443": "listen 127.0.0.1:{port}",
                          "/etc/ssl/logs/fullchain.pem": self.certificate.cert,
                          "/etc/ssl/logs/privkey.pem": self.certificate.key},
                         "proxy_set_header X-Forwarded-Proto $scheme;", "")
        seen = self.examine(url, "--silence", "0", code=1, environment=self.trust)[0]
        self.assertEqual(self.faults(seen), ["drops-scheme"])
