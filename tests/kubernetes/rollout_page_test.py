"""The whole promise: `kubectl set image`, and its log is live in the page and ends by itself."""

import os

from page import Page
from rollout_case import CHATTER, RolloutCase, manifest

# Slowly: all rows are to fit into the window, also on a machine that takes a minute for it.
LINES = CHATTER.replace("sleep 0.05", "sleep 0.5")
LONG = "TAILRACE_LONG_TESTS" in os.environ


class RolloutPageTest(RolloutCase):
    """Somebody has the list open. Nobody tells Tailrace anything. `scripts/test --kubernetes`
    does it in Firefox, too."""

    async def open_list(self, on, browser):
        """The list in a browser that goes to revision 2 as soon as it is there."""
        page = await Page.open(f"http://127.0.0.1:{self.server.port}/", browser=browser,
                               link=f"/logs/{on.log(2)}")
        self.addAsyncCleanup(page.finish_off)
        return page

    async def picture(self, page, name):
        """Not of Firefox, whose driver adds a style for it that our pages refuse."""
        if "firefox" not in name:
            await page.picture(name)

    async def roll_out(self, on, page, image):
        """Until the page of revision 2 is live."""
        await on.kubectl("set", "image", "deployment/web", f"app={image}")
        await page.until(lambda: "listed" in page.last, "the rollout is in the list")
        self.assertIn(on.log(2), page.last["listed"])
        await page.until(lambda: page.status == "Live", "its page is live")

    async def check_ended(self, on, page, outcome):
        """The page has the verdict and every entry once and in order."""
        await page.until(lambda: page.status == outcome.title(), outcome)
        meta, entries = await on.ended(on.log(2))
        self.assertEqual(meta["outcome"], outcome)
        await page.until(lambda: len(page.seen) >= len(entries), "all rows came")
        self.assertEqual(page.seen, [(n, entry["text"]) for n, entry in enumerate(entries, 1)])
        await self.picture(page, f"{on.namespace}-end")
        _, troubles = await page.close()
        self.assertEqual(troubles, [])
        self.assertIn(outcome.title(), page.last["verdict"])
        self.assertIn(meta["reason"], page.last["verdict"])
        return meta

    async def succeeds(self, on, browser="chromium"):
        await on.apply(manifest("web", command=LINES, replicas=2, deadline=600,
                                ready=on.gated("ready")))
        on.gate("ready").touch()
        await on.ended(on.log(1))
        on.gate("ready").unlink()
        page = await self.open_list(on, browser)
        await self.roll_out(on, page, "shop/web:2")
        # They come while the rollout goes on, which waits for us.
        await page.until(lambda: any(text.endswith(" line 5") for _, text in page.seen),
                         "lines come")
        self.assertEqual((page.status, (await on.api.meta(on.log(2))).json()["state"]),
                         ("Live", "open"))
        await self.picture(page, f"{on.namespace}-live")
        on.gate("ready").touch()
        meta = await self.check_ended(on, page, "succeeded")
        self.assertIn("successfully rolled out", meta["reason"])
        self.assertEqual((await on.kubectl_status())[0], 0)

    async def fails(self, on):
        await on.apply(manifest("web", command=LINES, deadline=600))
        await on.ended(on.log(1))
        page = await self.open_list(on, "chromium")
        await self.roll_out(on, page, "missing/web:2")
        await page.until(lambda: any("waits: ErrImagePull" in text for _, text in page.seen),
                         "the reason is there")
        self.assertEqual(page.status, "Live")
        await on.kubectl("patch", "deployment", "web", "--patch",
                         '{"spec": {"progressDeadlineSeconds": 2}}')
        meta = await self.check_ended(on, page, "failed")
        self.assertIn("exceeded its progress deadline; ", meta["reason"])
        self.assertIn("missing/web:2", meta["reason"])
        self.assertEqual((await on.kubectl_status())[0], 1)

    async def in_firefox(self, on):
        await self.succeeds(on, "firefox")

    async def test_from_set_image_to_the_verdict(self):
        firefox = [self.in_firefox] if LONG else []
        await self.at_once(self.succeeds, self.fails, *firefox)
