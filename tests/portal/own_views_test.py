"""The example as it is without Tailrace: the portal's own views behind nginx, in Chromium."""

import unittest

from portal_case import ENTRIES, PortalCase, Tab, page_text


class OwnViewsTest(PortalCase):
    def test_site(self):
        """Each line comes when it is written; who comes later gets all of them."""
        log = self.new_log()
        self.assertEqual(self.follow(self.portal.url, log), page_text(ENTRIES))
        late = Tab(self.browser).open(f"{self.portal.url}/{log.query}")
        late.until("#state", "done")
        self.assertEqual(late.text("#log"), page_text(ENTRIES))

    def test_service(self):
        log = self.new_log("build", "--text-id")
        self.assertEqual(self.follow(self.portal.service_url, log), page_text(ENTRIES))

    def test_without_login(self):
        tab = Tab(self.browser)
        self.addCleanup(self.log_in)
        tab.log_out(self.portal)
        tab.open(f"{self.portal.url}/?type=deploy&id=1")
        self.assertIn("/login/", tab.address())


if __name__ == "__main__":
    unittest.main()
