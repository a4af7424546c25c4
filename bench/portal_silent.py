"""A log in which nothing happens for ten minutes, in a browser, through nginx: a part of
`scripts/bench portal --long`."""

import json
import subprocess
import time

from portal_world import World
from servers import ROOT, prepare_child

from support.nginx import Nginx
from support.server import free_port

UWSGI = """
    location /api/ {{
      uwsgi_pass 127.0.0.1:{port};
      include /etc/nginx/uwsgi_params;
    }}
"""
KIND = "build"      # the Sanic service's


def watch(addresses, seconds, write):
    """What the browser told, by name. `write` is called at the end of the silence."""
    words = [f"{name} {address}" for name, address in addresses.items()]
    browser = subprocess.Popen(["node", str(ROOT / "bench" / "silent.mjs"), *words],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               preexec_fn=prepare_child)
    try:
        time.sleep(seconds)
        write()
        time.sleep(5)
        out, _ = browser.communicate("", timeout=60)
    finally:
        if browser.poll() is None:
            browser.kill()
            browser.communicate()
    told = {name: [] for name in addresses}
    for line in out.splitlines():
        event = json.loads(line)
        told[event["name"]].append((event["at_s"], event["what"]))
    return told


def judge(told, seconds):
    """How long the first stream lasted, from when it was asked for if it never opened; how often
    it was cut, and whether the last line came."""
    opened = next((at for at, what in told if what == "open"), 0)
    cuts = [at for at, what in told if what in ("error", "closed")]
    ended = min(cuts, default=opened + seconds)
    return {"lasted_s": max(0, min(ended - opened, seconds)),
            "cuts": len(cuts), "gave_up": any(what == "closed" for _, what in told),
            "last_line": any(what == "the silence is over" for _, what in told)}


def silent(seconds):
    uwsgi = free_port()
    with World({"listen_uwsgi": [f"127.0.0.1:{uwsgi}"]}) as world:
        world.lines.insert_one({"type": KIND, "id": "1", "log": "the first line"})
        nginx = Nginx(world.tailrace.port, {"proxy": "", "uwsgi": UWSGI.format(port=uwsgi)}).start()
        try:
            query = f"/api/v1/sse/logs/?type={KIND}&id=1&num=1"
            front = world.portal.ports
            addresses = {
                "proxy_pass": f"http://127.0.0.1:{nginx.ports['proxy']}{query}&sentinel=0",
                "uwsgi_pass": f"http://127.0.0.1:{nginx.ports['uwsgi']}{query}&sentinel=0",
                "sanic": f"http://127.0.0.1:{front['service_front']}{query}"}
            told = watch(addresses, seconds, lambda: world.lines.insert_one(
                {"type": KIND, "id": "1", "log": "the silence is over"}))
        finally:
            nginx.stop()
    return {"seconds": seconds, **{name: judge(events, seconds) for name, events in told.items()}}
