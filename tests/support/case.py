"""Base of the contract tests: one server for each test class."""

import os
import random
import unittest

from support.api import Api
from support.server import Server


def seeded_rng(name):
    """A generator whose seed is printed; TAILRACE_SEED repeats a run."""
    seed = int(os.environ.get("TAILRACE_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"{name}: seed {seed} (repeat with TAILRACE_SEED={seed})", flush=True)
    return random.Random(seed)


class AsyncCase(unittest.IsolatedAsyncioTestCase):
    """Without asyncio's debug mode, which unittest turns on and which halves the speed."""

    def setUp(self):
        super().setUp()
        self._asyncioRunner.get_loop().set_debug(False)


class ServerCase(AsyncCase):
    """`settings` of the class go into the server's configuration file."""

    settings = {}
    arguments = ()
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=cls.settings, arguments=cls.arguments).start()
        cls.api = Api(cls.server.port)

    @classmethod
    def tearDownClass(cls):
        log = cls.server.log_tail()
        code = cls.server.stop()
        if code is not None:
            raise AssertionError(f"the server died with {code} during the tests:\n{log}")

    def check_problem(self, response, status, *words):
        """A problem document (RFC 9457) of this status whose text has all the words."""
        self.assertEqual(response.status, status, response)
        self.assertEqual(response.header("Content-Type"), "application/problem+json", response)
        problem = response.json()
        self.assertEqual(problem["status"], status)
        self.assertIsInstance(problem["title"], str)
        self.assertTrue(problem["title"])
        said = (problem["title"] + " " + str(problem.get("detail", ""))).lower()
        for word in words:
            self.assertIn(word.lower(), said)
        return problem

    def check_memory(self, before, limit_bytes):
        """The server has not grown beyond `before` by more than this. A sanitizer holds freed
        memory back, so nothing can be said with one."""
        if not os.environ.get("TAILRACE_SANITIZE"):
            self.assertLess(self.server.rss_bytes() - before, limit_bytes)

    def check_texts(self, entries, *texts):
        self.assertEqual([entry["text"] for entry in entries], list(texts))
