"""How long a stream goes on after its viewer has lost the right to it, for each way of losing it,
with the settings as they are by default: a part of `scripts/bench portal`."""

import asyncio
import contextlib
import datetime
import functools
import json
import pathlib
import random
import signal
import statistics
import sys
import tempfile
import time

from measure import Figure
from servers import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from support.access import add_user, cookie_of, create_token, log_in, run_cli  # noqa: E402
from support.api import BASE, Api  # noqa: E402
from support.issuer import Issuer  # noqa: E402
from support.login_portal import LoginPortal  # noqa: E402
from support.server import Server  # noqa: E402
from support.sse import Stream  # noqa: E402

MOST_SECONDS = 5
PROXY = "127.0.0.2"
SLOW_SECONDS = 1.3          # of 1.5 that forward_auth.timeout and the key server's have
LOG = "deploy/1"
READ = {"logs": "deploy/*", "may": "read"}
OTHERS = [{**READ, "signed_in": True}, {"user": "root", "logs": "*", "may": "admin"}]
JWT = {"jwt.issuer": "https://issuer.test", "jwt.audience": ["tailrace"]}
ROOT_FIELDS = {"X-User": "root"}


class Slow(LoginPortal):
    """Knows what it answers when it is asked, and says it late."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds
        self.keys = b""
        self.answer = self.answer_late

    def answer_late(self, cookie, head):
        if head.startswith("GET /keys"):
            length = len(self.keys)
            return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode() + self.keys
        return self.by_users(cookie, head)

    async def reply(self, head, writer):
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        answer = self.answer(fields.get("Cookie", ""), head)
        await asyncio.sleep(self.seconds)
        writer.write(answer)
        await writer.drain()
        return True


class World:
    """Two servers and who they ask: one that answers at once, one that is as slow as it may be."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tailrace-bench-"))
        self.issuer, self.other = Issuer(self.folder, "one"), Issuer(self.folder, "two")
        self.key_file = self.folder / "keys.json"
        self.quick_portal, self.slow_portal = Slow(0), Slow(SLOW_SECONDS)
        self.quick = self.slow = None
        self.numbers = iter(range(1, 1 << 30))

    async def start(self):
        self.publish(self.issuer, self.other)
        await self.quick_portal.start()
        await self.slow_portal.start()
        common = {"access.enabled": True, "grant": OTHERS, **JWT, "trusted_proxies": [PROXY],
                  "proxy_auth.user_header": "X-User", "forward_auth.cookies": ["sid"],
                  "access.login_attempts": 1_000}   # until_logged_in
        self.quick = Server(settings={**common, "jwt.keys": str(self.key_file),
                                      "forward_auth.url": self.quick_portal.url}).start()
        self.slow = Server(settings={
            **common, "forward_auth.url": self.slow_portal.url, "proxy_auth.max_age": "4s",
            "jwt.keys": f"http://127.0.0.1:{self.slow_portal.port}/keys"}).start()
        add_user(self.quick, "ann")
        for server in (self.quick, self.slow):
            async with await self.open(server, f"{BASE}/{LOG}", ROOT_FIELDS, PROXY, "PUT"):
                pass

    def publish(self, *issuers):
        self.slow_portal.keys = json.dumps({"keys": [one.jwk() for one in issuers]}).encode()
        fresh = self.folder / "fresh"
        fresh.write_bytes(self.slow_portal.keys)
        fresh.rename(self.key_file)

    async def open(self, server, path, fields, source=None, method="GET"):
        if method == "GET":
            return await Stream.open(server.port, path, fields, source=source)
        api = Api(server.port)
        connection = await api.connect(source=source)
        answer = await connection.request(method, path, fields, b"")
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:200]}")
        return connection

    async def as_root(self, method, path, body=b""):
        async with await Api(self.quick.port).connect(source=PROXY) as connection:
            fields = {**ROOT_FIELDS, "Sec-Fetch-Site": "same-origin",
                      "Content-Type": "application/json"}
            return await connection.request(method, path, fields, body)

    async def stop(self):
        for server in (self.quick, self.slow):
            if server:
                server.stop()
        await self.quick_portal.stop()
        await self.slow_portal.stop()


async def open_silent(world, server, path, fields, source):
    """A stream that stays. While the portal took too long, clients are told to come back."""
    for _ in range(10):
        stream = await world.open(server, path, fields, source)
        if stream.response.status != 200:
            raise RuntimeError(f"{path}: {stream.response.status}")
        await stream.more()
        try:
            while await stream.more(0.5):
                pass
        except TimeoutError:
            return stream
        stream.abort()
        await asyncio.sleep(1)
    raise RuntimeError(f"{path}: no stream")


@contextlib.asynccontextmanager
async def ended(world, server, fields, path=f"{BASE}/{LOG}/events", source=None):
    """A stream is open in the context, which sets `lost[0]` to the time (monotonic) at which the
    right was lost; `lost[1]` is what the stream's end took after that."""
    lost = [None, None]
    async with await open_silent(world, server, path, fields, source) as stream:
        await asyncio.sleep(random.uniform(0, 3))   # at any moment between two looks
        yield lost
        events = await stream.to_end(120)
        lost[1] = time.monotonic() - lost[0]
        lost.append([event.event for event in events])


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def in_thread(function, *arguments):
    return await asyncio.to_thread(functools.partial(function, *arguments))


async def until_logged_in(world, name):
    """The session's cookie; the server knows a new user as soon as it has looked at its files."""
    while (answer := await log_in(Api(world.quick.port), name)).status != 200:
        await asyncio.sleep(0.2)
    return {"Cookie": cookie_of(answer)}


async def log_out(world):
    cookie = await until_logged_in(world, "ann")
    async with ended(world, world.quick, cookie) as lost:
        lost[0] = time.monotonic()
        await Api(world.quick.port).request("POST", "/api/v1/logout", cookie)
    return lost


async def user_logout(world):
    name = f"u{next(world.numbers)}"
    await in_thread(add_user, world.quick, name)
    async with ended(world, world.quick, await until_logged_in(world, name)) as lost:
        await in_thread(run_cli, world.quick, "user", "logout", name)
        lost[0] = time.monotonic()
    return lost


async def new_token(world, expires=None):
    name = f"t{next(world.numbers)}"
    token = await in_thread(lambda: create_token(world.quick, name, "read", "deploy/*",
                                                 expires=expires))
    while (await Api(world.quick.port).meta(LOG, bearer(token))).status != 200:
        await asyncio.sleep(0.1)
    return name, bearer(token)


async def token_revoked(world):
    name, fields = await new_token(world)
    async with ended(world, world.quick, fields) as lost:
        await in_thread(run_cli, world.quick, "token", "revoke", name)
        lost[0] = time.monotonic()
    return lost


async def token_expires(world):
    begin = time.monotonic()
    _, fields = await new_token(world, "8s")
    async with ended(world, world.quick, fields) as lost:
        lost[0] = begin + 8     # or a little later: what is measured is too long rather than short
    return lost


async def forward_auth(world, server, portal):
    cookie = f"sid={next(world.numbers)}"
    portal.users[cookie] = "joe"
    async with ended(world, server, {"Cookie": cookie}) as lost:
        lost[0] = time.monotonic()
        del portal.users[cookie]
    return lost


async def jwt_expires(world):
    expires = int(time.time()) + 6
    token = await in_thread(lambda: world.issuer.token(exp=expires))
    async with ended(world, world.quick, bearer(token)) as lost:
        lost[0] = time.monotonic() + expires - time.time()
    return lost


async def key_removed(world, server):
    token = await in_thread(world.other.token)
    async with ended(world, server, bearer(token)) as lost:
        lost[0] = time.monotonic()
        world.publish(world.issuer)
    world.publish(world.issuer, world.other)
    while (await Api(server.port).meta(LOG, bearer(token))).status != 200:
        await asyncio.sleep(0.2)
    return lost


async def new_link(world, seconds):
    answer = await world.as_root("POST", f"{BASE}/{LOG}/links",
                                 json.dumps({"expires_s": seconds}).encode())
    made = answer.json()
    expires = datetime.datetime.fromisoformat(made["expires"][:19] + "+00:00").timestamp()
    return f"{BASE}/{LOG}/events?link={made['link']}", expires


async def link_expires(world):
    path, expires = await new_link(world, 6)
    async with ended(world, world.quick, {}, path) as lost:
        lost[0] = time.monotonic() + expires - time.time()
    return lost


async def links_revoked(world):
    path, _ = await new_link(world, 60)
    async with ended(world, world.quick, {}, path) as lost:
        lost[0] = time.monotonic()
        await world.as_root("DELETE", "/api/v1/links")
    return lost


async def proxy_headers(world, server):
    # Logged out there in the moment in which the stream was let through: the longest it can take.
    lost = [time.monotonic(), None]
    name = f"u{next(world.numbers)}"
    path, fields = f"{BASE}/{LOG}/events", {"X-User": name}
    async with await world.open(server, path, fields, PROXY) as stream:
        events = await stream.to_end(120)
        lost[1] = time.monotonic() - lost[0]
    return [*lost, [event.event for event in events]]


async def grants_changed(world):
    async with ended(world, world.quick, {"X-User": "joe"}, source=PROXY) as lost:
        world.quick.settings["grant"] = OTHERS[1:]
        world.quick.write_config()
        lost[0] = time.monotonic()
        world.quick.process.send_signal(signal.SIGHUP)
    world.quick.settings["grant"] = OTHERS
    world.quick.write_config()
    world.quick.process.send_signal(signal.SIGHUP)
    await asyncio.sleep(1)
    return lost


def of_one_viewer(world):
    """What ends one viewer's right: (name, what, function, whether `event: expired` is told)."""
    return [
        ("session-logout", "log-out of a local user", log_out, True),
        ("session-cli", "`tailrace user logout`", user_logout, True),
        ("token-revoked", "`tailrace token revoke`", token_revoked, True),
        ("token-expires", "a token's time is over", token_expires, True),
        ("forward-auth", "log-out at the portal",
         lambda one: forward_auth(one, world.quick, world.quick_portal), True),
        ("forward-auth-slow", f"the same; the portal takes {SLOW_SECONDS} s for each answer",
         lambda one: forward_auth(one, world.slow, world.slow_portal), True),
        ("jwt-expires", "exp of a JWT is reached", jwt_expires, True),
        ("link-expires", "a link's time is over", link_expires, True),
        ("proxy-headers-4s", "log-out at the proxy, proxy_auth.max_age = 4 s",
         lambda one: proxy_headers(one, world.slow), False),
    ]


def of_all(world):
    """What changes something for others too."""
    return [
        ("jwt-key-file", "the key of a JWT leaves the file",
         lambda one: key_removed(one, world.quick), True),
        ("jwt-key-url", f"the key leaves an issuer's set that takes {SLOW_SECONDS} s to come",
         lambda one: key_removed(one, world.slow), True),
        ("links-revoked", "`tailrace link --revoke-all`", links_revoked, True),
        ("grants-changed", "another configuration and SIGHUP", grants_changed, True),
    ]


async def repeat(world, way, rounds):
    name, _, function, told = way
    found = []
    for _ in range(rounds):
        lost = await function(world)
        if lost[2] != (["expired"] if told else []):
            raise RuntimeError(f"{name}: the stream ended with {lost[2]}")
        found.append(lost[1])
    return found


async def measure(whose, rounds):
    world = World()
    try:
        await world.start()
        if whose == "one":
            ways = of_one_viewer(world)     # beside each other
            found = await asyncio.gather(*(repeat(world, way, rounds) for way in ways))
        else:
            ways = of_all(world)
            found = [await repeat(world, way, rounds) for way in ways]
        return list(zip(ways, found))
    finally:
        await world.stop()


def figures(whose, quick):
    """`whose` right ends: "one" viewer's, or that of "all"."""
    rounds = 2 if quick else {"one": 10, "all": 6}[whose]
    for (name, what, _, told), seconds in asyncio.run(measure(whose, rounds)):
        soft = "" if told else "; without `event: expired`: the client comes back by itself"
        yield Figure(f"expired-{name}", f"{what}: until the stream ends, the longest of {rounds}",
                     "s", [max(seconds)], goal=f"<= {MOST_SECONDS}", goal_of_ours=True,
                     note=f"median {statistics.median(seconds):.2f} s{soft}")
