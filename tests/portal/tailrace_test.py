"""The example with Tailrace in its midst: the same pages and writers, the same transcripts."""

import unittest

import requests

from portal_case import ENTRIES, PortalCase, Tab, page_text
from support.api import PORTAL
from support.sse import SseParser

OWN = ("sse_own.conf", "service_own.conf")
TAILRACE = ("sse_tailrace.conf", "service_tailrace.conf")
CR_ENTRIES = ["10 %\r20 %\r30 %", "dos\r", "plain"]


class TailraceTest(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.portal.tailrace()
        cls.addClassCleanup(cls.server.stop)
        cls.server.start()

    def stream(self, log, num=0):
        """The whole of an ended log's stream."""
        answer = self.session.get(f"{self.portal.url}{PORTAL}/{log.query}&num={num}")
        self.assertEqual(answer.headers["Content-Type"].partition(";")[0], "text/event-stream")
        return answer

    def events(self, log, num=0):
        """The data of its events, as a browser makes them of it."""
        return [event.data for event in SseParser().feed(self.stream(log, num).content)]

    def initial(self, log):
        return self.session.get(f"{self.portal.url}{PORTAL}/initial{log.query}").json()

    def ended_log(self, *entries, number=None):
        log = self.new_log(number=number)
        log.write(*entries)
        log.end()
        return log

    def test_same_transcript_in_the_page(self):
        """Once by the portal's own views and once by Tailrace, both live; and then both late."""
        logs, shown = [], []
        for files in (OWN, TAILRACE):
            self.portal.front.serve_by(*files)
            logs.append(self.new_log())
            shown.append(self.follow(self.portal.url, logs[-1]))
        self.assertEqual(shown, [page_text(ENTRIES)] * 2)
        for log in logs:
            tab = Tab(self.browser).open(f"{self.portal.url}/{log.query}")
            tab.until("#state", "done")
            self.assertEqual(tab.text("#log"), page_text(ENTRIES))

    def test_same_transcript_of_the_service(self):
        shown = []
        for files in (OWN, TAILRACE):
            self.portal.front.serve_by(*files)
            shown.append(self.follow(self.portal.service_url,
                                     self.new_log("build", "--text-id")))
        self.assertEqual(shown, [page_text(ENTRIES)] * 2)

    def test_same_events(self):
        log = self.ended_log(*ENTRIES)
        answers = []
        for files in (OWN, TAILRACE):
            self.portal.front.serve_by(*files)
            answers.append([self.initial(log), *(self.events(log, num) for num in (0, 5, 14))])
        self.assertEqual(answers[0], answers[1])

    def test_restarts(self):
        """Nothing is lost or repeated in the page over a restart of Tailrace and of nginx."""
        self.portal.front.serve_by(*TAILRACE)

        def restart(count):
            if count == 4:
                self.server.kill()
                self.server.start()
            if count == 8:
                self.portal.front.restart()

        self.assertEqual(self.follow(self.portal.url, self.new_log(), restart),
                         page_text(ENTRIES))

    def test_log_out_ends_the_stream(self):
        """The portal's session is Tailrace's: also of a page that is open."""
        self.portal.front.serve_by(*TAILRACE)
        log = self.new_log()
        log.write("one")
        tab = Tab(self.browser).open(f"{self.portal.url}/{log.query}")
        tab.until("#state", "live")
        other = Tab(self.browser)
        self.addCleanup(self.log_in)
        other.log_out(self.portal)
        tab.until("#state", "closed")
        log.write("two")
        self.assertEqual(tab.text("#log"), page_text(["one"]))
        answer = requests.get(f"{self.portal.url}{PORTAL}/{log.query}", timeout=60)
        self.assertEqual(answer.status_code, 401)

    def test_one_log_first(self):
        """sse_one_log.conf: that log by Tailrace, whose events have ids, the others as before."""
        self.portal.front.serve_by("sse_one_log.conf")
        for number, by_tailrace in ((4711, True), (None, False)):
            log = self.ended_log("one", "two", number=number)
            with self.subTest(log.query):
                text = self.stream(log).text
                self.assertEqual("id: " in text, by_tailrace, text)
                self.assertEqual(self.events(log), ["one", "two", "[DONE]"])

    def test_difference_carriage_returns(self):
        """What a browser makes of the own views' events has lost what stood behind a CR."""
        log = self.ended_log(*CR_ENTRIES)
        self.portal.front.serve_by(*OWN)
        self.assertEqual(self.events(log), ["10 %", "dos", "plain", "[DONE]"])
        self.portal.front.serve_by(*TAILRACE)
        self.assertEqual(self.events(log), ["10 %\n20 %\n30 %", "dos\n", "plain", "[DONE]"])


if __name__ == "__main__":
    unittest.main()
