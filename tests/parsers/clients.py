"""python clients.py CLIENT URL: the same as clients.mjs for clients from PyPI."""

import json
import sys


def tell(event, data, last_id):
    print(json.dumps([event or "message", data, last_id or ""]))


def httpx_sse(url):
    import httpx
    from httpx_sse import connect_sse
    with httpx.Client(timeout=60) as client, connect_sse(client, "GET", url) as source:
        for event in source.iter_sse():
            if event.retry is None:      # it also tells blocks without data
                tell(event.event, event.data, event.id)


def sseclient_py(url):
    import requests
    import sseclient
    with requests.get(url, stream=True, timeout=60) as response:
        for event in sseclient.SSEClient(response).events():
            tell(event.event, event.data, event.id)


def requests_sse(url):
    from requests_sse import EventSource
    with EventSource(url, timeout=60) as source:
        for event in source:
            tell(event.type, event.data, event.last_event_id)
            if event.type == "end":
                return


CLIENTS = {"httpx-sse": httpx_sse, "sseclient-py": sseclient_py, "requests-sse": requests_sse}

if __name__ == "__main__":
    CLIENTS[sys.argv[1]](sys.argv[2])
