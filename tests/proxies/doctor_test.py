"""tailrace doctor through the real nginx, once right and once for every fault."""

from support.doctor import FOR, HOST, TELL, DoctorCase
from support.front import Nginx, documented
from support.server import Server, free_port

# Of one location: its lines, the finding, and what is to be said of it.
NGINX = {
    "good": (TELL + HOST + "proxy_http_version 1.1; proxy_set_header Connection '';", None, ""),
    "buffers": (TELL + HOST + "proxy_ignore_headers X-Accel-Buffering;", "buffers",
                "nginx: proxy_buffering off;"),
    "cuts": (TELL + HOST + "proxy_read_timeout 1s;", "cuts", "nginx: proxy_read_timeout 75s;"),
    "compresses": (TELL + HOST + "gzip on; gzip_types text/event-stream; gzip_proxied any; "
                   "gzip_min_length 0;", "compresses",
                   "nginx: take text/event-stream out of: gzip_types; or gzip off;"),
    "last event": (TELL + HOST + "proxy_set_header Last-Event-ID '';", "drops-last-event-id",
                   "nginx: proxy_set_header Last-Event-ID $http_last_event_id;"),
    "cookie": (TELL + HOST + "proxy_set_header Cookie '';", "drops-cookie",
               "nginx: proxy_set_header Cookie $http_cookie;"),
    "authorization": (TELL + HOST + "proxy_set_header Authorization '';", "drops-authorization",
                      "nginx: proxy_set_header Authorization $http_authorization;"),
    "cache": (TELL + HOST + "proxy_hide_header Cache-Control;", "drops-cache-control",
              "nginx: take out: proxy_hide_header Cache-Control; expires"),
    "host": (FOR + "proxy_set_header X-Forwarded-Host '';", "drops-host",
             "nginx: proxy_set_header Host $http_host;"),
    "client": (HOST, "drops-client", "nginx: proxy_set_header X-Forwarded-For $remote_addr;"),
    "lies": (FOR + HOST, "believes-clients", "proxy_set_header X-Forwarded-Host $http_host;"),
    "login": (TELL + HOST + "auth_basic portal; auth_basic_user_file /dev/null;", "asks-itself",
              "nginx: auth_basic off; in this location"),
}
UWSGI = {
    "uwsgi good": ("", None, ""),
    "uwsgi buffers": ("uwsgi_ignore_headers X-Accel-Buffering;", "buffers",
                      "nginx: uwsgi_buffering off;"),
    "uwsgi cuts": ("uwsgi_read_timeout 1s;", "cuts", "nginx: uwsgi_read_timeout 75s;"),
    "uwsgi fields": ("uwsgi_param HTTP_LAST_EVENT_ID '';", "drops-last-event-id",
                     "uwsgi_param HTTP_LAST_EVENT_ID $http_last_event_id;"),
}


class NginxDoctorTest(DoctorCase):
    """The server trusts 127.0.0.2, from where nginx asks it, and so not the doctor itself."""

    @classmethod
    def setUpClass(cls):
        cls.uwsgi_port = free_port()
        cls.server = Server(settings={"trusted_proxies": ["127.0.0.2"],
                                      "listen_uwsgi": [f"127.0.0.1:{cls.uwsgi_port}"]}).start()
        cls.ports = {name: free_port() for name in (*NGINX, *UWSGI, "outer", "deaf", "inner")}
        server = f"http://127.0.0.1:{cls.server.port}"
        text = "".join(cls.site(name, f"proxy_pass {server}; proxy_bind 127.0.0.2; {case[0]}")
                       for name, case in NGINX.items())
        text += "".join(cls.site(name, f"uwsgi_pass 127.0.0.1:{cls.uwsgi_port}; "
                                 f"uwsgi_bind 127.0.0.2; include uwsgi_params; {case[0]}")
                        for name, case in UWSGI.items())
        # One behind another: "deaf" forgets the line of docs/proxies/nginx-behind-nginx.conf.
        inner = documented("nginx-behind-nginx.conf", {
            "listen 80": f"listen 127.0.0.1:{cls.ports['inner']}",
            "http://127.0.0.1:8080;": f"{server}; proxy_bind 127.0.0.2;"})
        text += inner
        text += cls.site("deaf", f"proxy_pass {server}; proxy_bind 127.0.0.2; {HOST}")
        text += cls.site("outer", f"proxy_pass http://127.0.0.1:{cls.ports['inner']}; {TELL}{HOST}")
        cls.ports["outer deaf"] = free_port()
        text += cls.site("outer deaf",
                         f"proxy_pass http://127.0.0.1:{cls.ports['deaf']}; {TELL}{HOST}")
        cls.front = Nginx(text, cls.ports["good"]).start()

    @classmethod
    def tearDownClass(cls):
        cls.front.stop()
        cls.server.stop()

    @classmethod
    def site(cls, name, lines):
        return f"server {{ listen 127.0.0.1:{cls.ports[name]}; location / {{ {lines} }} }}\n"

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def test_proxy_pass(self):
        self.check_all(self.ports, NGINX)

    def test_uwsgi_pass(self):
        self.check_all(self.ports, UWSGI)

    def test_of_several_addresses_it_says_where_the_fault_is(self):
        direct = f"http://127.0.0.1:{self.server.port}"
        said = self.doctor(self.url("last event"), direct, "--silence", "0", code=1)
        self.assertIn(f"it is what stands between here and {direct}", said)
        self.assertIn(f"{direct}\n  well: lines come at once", said)
        one, two = self.examine(self.url("last event"), self.url("last event"), "--silence", "0",
                                code=1)
        self.assertEqual(one["findings"][0]["where"], "behind")
        self.assertNotIn("where", two["findings"][0])

    def test_one_nginx_behind_another(self):
        self.assertEqual(self.faults(self.examine(self.url("outer"), "--silence", "0")[0]), [])
        outer, inner = self.examine(self.url("outer deaf"), self.url("deaf"), "--silence", "0",
                                    code=1)
        self.assertIn("buffers", self.faults(outer))
        self.assertEqual(next(one["where"] for one in outer["findings"] if one["id"] == "buffers"),
                         "here")
        self.assertNotIn("buffers", self.faults(inner))
        note = next(one for one in inner["findings"] if one["id"] == "drops-x-accel-buffering")
        self.assertEqual(note["advice"], ["nginx: proxy_pass_header X-Accel-Buffering;"])

    def test_http_1_0_to_the_server_is_a_note(self):
        seen = self.examine(self.url("buffers"), "--silence", "0", code=1)[0]
        note = next(one for one in seen["findings"] if one["id"] == "http1.0")
        self.assertFalse(note["fault"])
        self.assertIn("proxy_http_version 1.1;", note["advice"][0])

    def test_a_late_cut_is_no_fault(self):
        server = Server(settings={"trusted_proxies": ["127.0.0.2"],
                                  "streams.heartbeat": "1s"}).start()
        port = free_port()
        front = Nginx(f"""server {{ listen 127.0.0.1:{port}; location / {{
            proxy_pass http://127.0.0.1:{server.port}; proxy_bind 127.0.0.2; {TELL} {HOST}
            proxy_read_timeout 4s; }} }}""", port).start()
        try:
            seen = self.examine(f"http://127.0.0.1:{port}")[0]  # 1.1 s and a little
            self.assertEqual(seen["hello"]["longest_silence_ms"], 1100)
            self.assertEqual(seen["silence_ms"], 1600)
            self.assertEqual(self.faults(seen), [])
            seen = self.examine(f"http://127.0.0.1:{port}", "--silence", "20s")[0]
            self.assertIn("cuts-late", [one["id"] for one in seen["findings"]])
        finally:
            front.stop()
            server.stop()
