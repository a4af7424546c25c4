"""Base of the portal's tests: the example, a browser that has logged in, logs and their writers."""

import itertools
import json
import pathlib
import subprocess
import unittest

import requests

from support.portal import Portal
from support.server import prepare_child

PATIENCE_SECONDS = 60
_numbers = itertools.count(1)

# What a page may stumble over is among them.
ENTRIES = ["Deploying web", "", "Grüße, 世界 ✓", "  indented", "two\nlines", "three\n\nlines",
           "<b>&amp;</b>", "data: x", ": no comment", "id: 7", "[NONE] is not all of it",
           "at the end, blanks  ", "event: end", "ready"]


def page_text(entries):
    """What the page shows of them."""
    return "".join(f"{entry}\n" for entry in entries)


class Browser:
    """Chromium, by tabs.mjs."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["node", str(pathlib.Path(__file__).with_name("tabs.mjs"))], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, encoding="utf-8", preexec_fn=lambda: prepare_child({}))

    def call(self, what, **options):
        print(json.dumps({"do": what, **options}), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise AssertionError(f"{what} {options}: {answer['error']}")
        return answer.get("value")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()


class Tab:
    """A page of the portal. Tabs of one browser share its session."""

    _names = itertools.count()

    def __init__(self, browser):
        self.browser = browser
        self.name = f"tab {next(self._names)}"

    def call(self, what, **options):
        return self.browser.call(what, tab=self.name, **options)

    def open(self, url):
        self.call("open", url=url)
        return self

    def log_in(self, portal):
        self.open(f"{portal.url}/login/")
        self.call("fill", selector="[name=username]", text=portal.user)
        self.call("fill", selector="[name=password]", text=portal.password)
        self.call("follow", selector="#login", url=f"{portal.url}/")

    def log_out(self, portal):
        self.open(f"{portal.url}/")
        self.call("follow", selector="#logout", url=f"{portal.url}/login/")

    def text(self, selector):
        return self.call("text", selector=selector)

    def until(self, selector, wanted):
        """Until an element has just this text."""
        try:
            self.call("until", selector=selector, text=wanted)
        except AssertionError as error:
            raise AssertionError(f"{selector} has {self.text(selector)!r}, not {wanted!r}; #state: "
                                 f"{self.text('#state')}") from error

    def address(self):
        return self.call("address")


class Log:
    """A log that a process writes into MongoDB, entry by entry."""

    def __init__(self, portal, kind, number, options):
        self.query = f"?type={kind}&id={number}"
        self.process = portal.writer(kind, number, *options)

    def write(self, *entries):
        text = "".join(json.dumps(entry) + "\n" for entry in entries)
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def end(self):
        """[DONE] is in the database when this returns."""
        self.process.stdin.close()
        if self.process.wait(PATIENCE_SECONDS) != 0:
            raise AssertionError("the writer failed")

    def finish_off(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()


class PortalCase(unittest.TestCase):
    """One portal, and one browser whose user has logged in, for each test class. `session` has the
    same cookies and is no browser."""

    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.portal = Portal()
        cls.addClassCleanup(cls.portal.stop)
        cls.portal.start()
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.stop)
        cls.session = requests.Session()
        cls.log_in()

    @classmethod
    def log_in(cls):
        Tab(cls.browser).log_in(cls.portal)
        cls.session.cookies.update(cls.browser.call("cookies"))

    def new_log(self, kind="deploy", *options, number=None):
        log = Log(self.portal, kind, number or next(_numbers), options)
        self.addCleanup(log.finish_off)
        return log

    def follow(self, url, log, between=None):
        """Follows a log in the page, each entry written only when the one before is shown. Returns
        what the page shows at the end. `between(count)` is called when so many entries are."""
        log.write(ENTRIES[0])
        tab = Tab(self.browser).open(f"{url}/{log.query}")
        for count in range(1, len(ENTRIES)):
            tab.until("#log", page_text(ENTRIES[:count]))
            if between:
                between(count)
            log.write(ENTRIES[count])
        log.end()
        tab.until("#state", "done")
        return tab.text("#log")
