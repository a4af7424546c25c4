"""Every route of the program × who asks × which log. The routes are the program's own table
(`tailrace serve --print-routes`): one without an expectation here fails."""

import subprocess
import unittest

from support.access import As, cookie_of, create_token, log_in, with_token
from support.api import BASE, Api
from support.http import request_bytes
from support.server import binary_path
from login_test import LoginCase

# What each role may do with logs of each type.
MAY = {
    "nobody": {"public": "r"},
    "reader": {"public": "r", "team": "r"},
    "writer": {"public": "r", "team": "w"},
    "admin": {"public": "rwa", "team": "rwa", "secret": "rwa"},
    "labelled": {"public": "r", "secret": "l"},     # what has the label team=web
    "stranger": {"public": "r"},
    "read-token": {"public": "r", "team": "r"},
    "write-token": {"public": "r", "team": "w"},
    "admin-token": {"public": "r", "team": "rwa"},
}
SOMEBODY = set(MAY) - {"nobody"}
TYPES = ("public", "team", "secret")
LOGS = ("there", "labelled", "unknown")
NEED = {"read": "r", "write": "w", "admin": "a"}
GRANTS = [{"anyone": True, "logs": "public/*", "may": "read"},
          {"user": "reader", "logs": "team/*", "may": "read"},
          {"user": "writer", "logs": "team/*", "may": "write"},
          {"group": "admins", "logs": "*", "may": "admin"},
          {"user": "labelled", "logs": "secret/*", "labels": "team=web", "may": "read"}]
PUBLIC = {"GET /healthz", "GET /readyz", "GET /login", "POST /api/v1/login",
          "POST /api/v1/logout", "GET /api/v1/session"}
BODIES = {"POST /api/v1/logs/{type}/{id}/entries": b"x\n",
          "POST /api/v1/logs/{type}/{id}/end": b'{"outcome":"succeeded"}'}
QUERIES = {"GET /api/v1/logs/{type}/{id}/search": "?q=x"}


def program_routes():
    text = subprocess.run([binary_path(), "serve", "--print-routes"], check=True, text=True,
                          capture_output=True).stdout
    return [tuple(line.split(" ")) for line in text.splitlines()]


class MatrixTest(LoginCase):
    settings = {**LoginCase.settings, "grant": GRANTS, "streams.heartbeat": "1h"}
    users = (("reader",), ("writer", "staff"), ("admin", "admins"), ("labelled",), ("stranger",))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tokens = {"read-token": create_token(cls.server, "r", "read", "team/*"),
                      "write-token": create_token(cls.server, "w", "write", "team/*"),
                      "admin-token": create_token(cls.server, "a", "admin", "team/*")}
        cls.wait_for_log("tokens=3")

    async def asyncSetUp(self):
        self.roles = {"nobody": Api(self.server.port)}
        for name, token in self.tokens.items():
            self.roles[name] = with_token(self.server.port, token)
        for name, *_ in self.users:
            answer = await log_in(self.api, name)
            self.roles[name] = As(self.server.port, {"Cookie": cookie_of(answer)})
        self.assertEqual(set(self.roles), set(MAY))
        for kind in TYPES:
            await self.make(kind, "there")
            await self.make(kind, "labelled")

    async def make(self, kind, name):
        admin = self.roles["admin"]
        body = {"labels": {"team": "web"}} if name == "labelled" else None
        answer = await admin.create(f"{kind}/{name}", body)
        self.assertIn(answer.status, (200, 201), answer)

    def may(self, role, verb, kind, name):
        rights = MAY[role].get(kind, "")
        return NEED[verb] in rights or (verb == "read" and "l" in rights and name == "labelled")

    def refusal(self, role, verb):
        if role not in SOMEBODY:
            return 401
        return 404 if verb == "read" else 403

    async def ask(self, role, method, path, body=None):
        """The status alone: a stream has no end."""
        api = self.roles[role]
        async with await api.connect() as connection:
            headers = getattr(api, "headers", {})
            await connection.send(request_bytes(method, path, headers, body))
            return (await connection.head()).status

    async def test_every_route(self):
        asked = 0
        for method, pattern, verb, thing in program_routes():
            route = f"{method} {pattern}"
            for role in MAY:
                if thing == "log":
                    asked += await self.check_log_route(role, method, pattern, verb)
                elif thing == "log-of-query":
                    asked += await self.check_query_route(role, pattern)
                else:
                    self.check_other(route, role, thing,
                                     await self.ask(role, method, self.example(pattern)))
                    asked += 1
        self.assertGreater(asked, 700)

    async def check_log_route(self, role, method, pattern, verb):
        for kind in TYPES:
            for name in LOGS:
                path = pattern.replace("{type}", kind).replace("{id}", name)
                route = f"{method} {pattern}"
                status = await self.ask(role, method, path + QUERIES.get(route, ""),
                                        BODIES.get(route))
                said = f"{role}: {method} {path}: {status}"
                if not self.may(role, verb, kind, name):
                    self.assertEqual(status, self.refusal(role, verb), said)
                    continue
                missing = 404 if name == "unknown" and not path.endswith("/events") else 200
                if method in ("PUT", "POST"):
                    self.assertIn(status, (200, 201, 400, 404, 409), said)
                elif method == "DELETE":
                    self.assertIn(status, (204, 404), said)
                else:
                    self.assertEqual(status, missing, said)
                if method in ("PUT", "POST", "DELETE"):
                    await self.restore(kind)
        return len(TYPES) * len(LOGS)

    async def restore(self, kind):
        for name in LOGS:
            await self.roles["admin"].delete(f"{kind}/{name}")
        await self.make(kind, "there")
        await self.make(kind, "labelled")

    async def check_query_route(self, role, pattern):
        for kind in TYPES:
            for name in LOGS:
                status = await self.ask(role, "GET", f"{pattern}?type={kind}&id={name}")
                right = 200 if self.may(role, "read", kind, name) else self.refusal(role, "read")
                self.assertEqual(status, right, f"{role}: {pattern} {kind}/{name}")
        return len(TYPES) * len(LOGS)

    @staticmethod
    def example(pattern):
        return pattern.replace("{type}", "secret").replace("{id}", "there")

    def check_other(self, route, role, thing, status):
        said = f"{role}: {route}: {status}"
        if thing in ("open", "self"):
            self.assertIn(route, PUBLIC, "a new route that everybody may use: is that meant?")
            self.assertNotIn(status, (401, 404), said) if route != "POST /api/v1/login" else None
        elif thing == "page":
            self.assertEqual(status, 200, said)    # anyone may read something here
        elif thing == "logs":
            self.assertEqual(status, 200, said)
        elif thing == "all-logs":
            right = (200, 204) if role == "admin" else (403 if role in SOMEBODY else 401,)
            self.assertIn(status, right, said)
        else:
            self.fail(f"a route about '{thing}', which no test knows: {route}")

    async def test_head_says_no_more_than_get(self):
        for method, pattern, _verb, thing in program_routes():
            if method != "GET" or pattern.endswith("/search"):
                continue
            for role in MAY:
                for name in LOGS:
                    path = pattern.replace("{type}", "secret").replace("{id}", name)
                    if thing == "log-of-query":
                        path += f"?type=secret&id={name}"
                    get = await self.ask(role, "GET", path)
                    head = await self.ask(role, "HEAD", path)
                    self.assertEqual(head, get, f"{role}: {path}")

    async def test_lists_show_what_is_granted_whatever_is_asked_for(self):
        """Each parameter of the list, and pages of it: never more than the role may read."""
        first = (await self.roles["admin"].get(f"{BASE}?limit=1")).json()
        self.assertTrue(first["next"])
        asked = ("", "type=secret", "type=team", "id=there", "id=labelled", "label=team=web",
                 "q=secret", "q=labelled", "q=there&q=secret", "state=open", "title=x",
                 "since=2000-01-01T00:00:00Z", "until=2100-01-01T00:00:00Z", "limit=1",
                 "type=secret&limit=1", f"after={first['next']}")
        for role in MAY:
            for query in asked:
                seen = await self.list_all(role, query)
                for kind, name in seen:
                    self.assertTrue(self.may(role, "read", kind, name),
                                    f"{role}: ?{query}: {kind}/{name}")
            wanted = {(kind, name) for kind in TYPES for name in ("there", "labelled")
                      if self.may(role, "read", kind, name)}
            self.assertEqual(await self.list_all(role, ""), wanted, role)
            self.assertEqual(await self.list_all(role, "limit=1"), wanted, role)

    async def list_all(self, role, query):
        seen, more = set(), query
        while True:
            answer = await self.roles[role].get(f"{BASE}?{more}")
            self.assertEqual(answer.status, 200, f"{role}: {more}: {answer}")
            seen |= {(log["type"], log["id"]) for log in answer.json()["logs"]}
            if not answer.json().get("next"):
                return seen
            kept = [part for part in query.split("&") if part and not part.startswith("after=")]
            more = "&".join([*kept, f"after={answer.json()['next']}"])

    async def test_paths_that_are_written_otherwise(self):
        """Each of these is the same log, or none; never a way around its grant."""
        for path in ("/api/v1/logs/secret/there", "/api/v1/logs/s%65cret/there",
                     "/api/v1/logs/secret/%74here", "/api/v1/logs/public/../secret/there",
                     "/api/v1/logs/public/%2e%2e/secret/there",
                     "/api/v1/logs/public%2f../secret/there",
                     "/api/v1/logs/public/..%2fsecret%2fthere", "/api/v1/logs//secret/there",
                     "/api/v1/logs/./secret/there", "/api/v1//logs/secret/there",
                     "//api/v1/logs/secret/there", "/api/v1/logs/secret/there/",
                     "/api/v1/logs/SECRET/there", "/API/v1/logs/secret/there",
                     "/api/v1/logs/secret/there;x", "/api/v1/logs/secret/there%00",
                     "/api/v1/logs/public%00secret/there", "/api/v1/logs/s%2565cret/there",
                     "/api/v1/logs/secret/there?type=public", "/api/v1/logs/secret%20/there",
                     "/logs/../api/v1/logs/secret/there",
                     "/api/v1/logs/public/x/../../secret/there",
                     "/assets/../api/v1/logs/secret/there", "/api/v1/logs/secret\\there",
                     "http://public/api/v1/logs/secret/there"):
            for rest in ("", "/entries", "/raw", "/search", "/events"):
                where = path.replace("?", rest + "?") if "?" in path else path + rest
                for role in ("nobody", "stranger", "reader"):
                    status = await self.ask(role, "GET", where)
                    self.assertIn(status, (400, 401, 404), f"{role}: {where}")

    async def test_tokens_do_not_leave_their_scope(self):
        for role in ("read-token", "write-token", "admin-token"):
            for log in ("secret/there", "Team/there", "teams/there", "tea/there"):
                status = await self.ask(role, "GET", f"/api/v1/logs/{log}")
                self.assertEqual(status, 404, f"{role}: {log}")
                status = await self.ask(role, "PUT", f"/api/v1/logs/{log}")
                self.assertEqual(status, 403, f"{role}: {log}")
            self.assertEqual(await self.ask(role, "GET", "/metrics"), 403)
        # A cookie beside it adds nothing.
        admin = self.roles["admin"].headers
        both = As(self.server.port, {**admin, **self.roles["read-token"].headers})
        self.check_problem(await both.get("/api/v1/logs/secret/there"), 404)
        self.check_problem(await both.delete("team/there"), 403)


if __name__ == "__main__":
    unittest.main()
