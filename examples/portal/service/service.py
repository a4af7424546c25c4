"""The portal's second service. The same endpoints as the Django site's, with two differences: an id
is a string, and its page takes the end of the stream for the end of the log.

    python3 service.py HOST PORT
"""

import asyncio
import os
import pathlib
import sys

import pymongo
from sanic import Sanic, html, json

MONGODB = os.environ.get("PORTAL_MONGODB", "mongodb://127.0.0.1:27017/?directConnection=true")
DATABASE = os.environ.get("PORTAL_DATABASE", "popop")
DONE = "[DONE]"
POLL_SECONDS = 0.2

app = Sanic("portal")


@app.before_server_start
async def connect(application):
    client = pymongo.AsyncMongoClient(MONGODB)
    application.ctx.lines = client[DATABASE]["sse_logs"]


@app.get("/")
async def front(_request):
    return html(pathlib.Path(__file__).with_name("front.html").read_text(encoding="utf-8"))


@app.get("/api/v1/sse/logs/initial")
async def initial(request):
    query = {"type": request.args.get("type"), "id": request.args.get("id")}
    texts = [line["log"] async for line in app.ctx.lines.find(query)]
    done = texts[-1:] == [DONE]
    if done:
        texts.pop()
    return json({"log": "\n".join(texts), "num": len(texts), "done": done})


@app.get("/api/v1/sse/logs/")
async def logs(request):
    query = {"type": request.args.get("type"), "id": request.args.get("id")}
    num = int(request.args.get("num", 0))
    response = await request.respond(content_type="text/event-stream")
    while True:
        line = await app.ctx.lines.find_one(query, skip=num)
        if line is None:
            await asyncio.sleep(POLL_SECONDS)
            continue
        if line["log"] == DONE:
            await response.eof()
            return
        await response.send("".join(f"data: {part}\n" for part in line["log"].split("\n")) + "\n")
        num += 1


if __name__ == "__main__":
    app.run(host=sys.argv[1], port=int(sys.argv[2]), single_process=True, access_log=False,
            motd=False)
