"""tailrace-load's one long upload, into the real server."""

import json

from bench_case import BenchCase
from common import new_log
from measure import load, request
from servers import Tailrace


class UploadTest(BenchCase):
    def test_upload_is_stored_as_it_comes(self):
        with Tailrace(pinned=False) as server:
            log = new_log(server)
            done = load("upload", server, post=f"{log}/entries", lines=10, seconds=0.3)
            self.assertGreater(done["entries"], 0)
            # The first body is not counted.
            stored = json.loads(request(server, "GET", log))["position"]
            self.assertEqual(stored, done["entries"] + 10)
