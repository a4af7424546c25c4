"""Producers: text, NDJSON and JSON bodies, long chunked ones, repeats of what had no answer."""

import asyncio
import json

from exactness.plan import make_entries, pause
from exactness.records import Ack
from support.api import BASE, JSON, NDJSON, TEXT
from support.http import Connection, ProtocolError, chunk, request_bytes

LOST = (OSError, ProtocolError, TimeoutError)
KEPT_ENTRIES = 200    # how far back a repeat may reach


class Producer:
    """`exact`: numbers its entries and repeats what had no answer; a plain one never repeats."""

    def __init__(self, fire, log, exact):
        self.fire = fire
        self.log = log
        self.exact = exact
        self.base = fire.name("p" if exact else "q")
        self.rng = fire.rng(self.base)
        self.generation = 0
        self.style = self.rng.choice((TEXT, NDJSON, JSON))
        self.through_proxy = self.rng.random() < (0.6 if exact else 0.2)
        self.texts = []       # all of this generation, from sequence 0 on
        self.done = 0         # acknowledged
        self.finished = False
        self.begin_generation()

    def begin_generation(self):
        """The log was deleted: its successor gets new entries, numbered from 0 again."""
        self.name = f"{self.base}.g{self.generation}"
        self.generation += 1
        self.texts = []
        self.done = 0
        if self.exact:
            self.fire.history.exact.add(self.name)

    async def run(self, stop):
        """Until the log ends or `stop()` says so."""
        while not self.finished and not stop():
            await self.turn()
            await pause(self.rng, 0.02, 0.3)

    async def turn(self, end=None):
        """One run of entries, repeated until it is answered if the producer is exact."""
        count = 500 if self.rng.random() < 0.01 else self.rng.choice((1, 1, 2, 5, 10, 20))
        first = self.done
        if self.exact and self.done and self.rng.random() < 0.15:
            first -= self.rng.randrange(1, min(self.done, KEPT_ENTRIES) + 1)
        more = self.done + count - len(self.texts)
        if more > 0:
            self.texts += make_entries(self.fire, self.rng, self.name, len(self.texts), more,
                                       self.style != TEXT)
        stop_at = self.done + count
        name = self.name
        while not self.finished and self.name == name:
            answered = await self.attempt(first, stop_at, end)
            if answered or not self.exact:
                break
            await pause(self.rng, 0.02, 0.4)
        if not self.exact:
            self.done = stop_at
        elif self.name == name and (end or not self.finished) and self.rng.random() < 0.1:
            self.fire.count("answers ignored")
            await self.attempt(first, stop_at, end)

    async def attempt(self, first, stop_at, end):
        """Sends texts [first, stop_at); True if the answer settled the matter."""
        headers = {"Content-Type": self.style}
        if self.exact:
            headers |= {"Tailrace-Producer": self.base, "Tailrace-Sequence": str(first)}
        query = f"?end={end}" if end else ""
        path = f"{BASE}/{self.log.key}/entries{query}"
        try:
            answer = await self.exchange(path, headers, self.texts[first:stop_at])
        except LOST:
            self.fire.count("requests without an answer")
            if not self.exact:
                lost = self.fire.history.unanswered.setdefault(self.name, [])
                lost.append(range(first, stop_at))
            return False
        return self.judge(answer, first, stop_at, end)

    def judge(self, answer, first, stop_at, end):
        if answer.status == 200:
            self.acknowledge(answer.json(), first, stop_at)
            if end:
                self.finished = True
            return True
        if answer.status in (429, 503):
            self.fire.count(f"status {answer.status}")
            return False
        expected = answer.json().get("expected") if answer.status == 409 else None
        if answer.status != 409:
            self.fire.problem(f"producer {self.name}: append answered {answer!r}")
            self.finished = True
        elif expected is None:
            self.finished = True      # the log has ended
            if self.log.state == "running" or end:
                self.fire.problem(f"producer {self.name}: 409, but nobody else ended the log: "
                                  f"{answer!r}")
        elif self.log.deletable and expected < first:
            self.begin_generation()
        else:
            self.fire.problem(f"producer {self.name}: {self.done} acknowledged, sent {first}, the "
                              f"server expects {expected}")
            self.finished = True
        return True

    def acknowledge(self, answer, first, stop_at):
        self.fire.count("entries acknowledged", stop_at - first)
        if answer["stored"] != stop_at - first:
            self.fire.problem(f"producer {self.name}: sent {first} to {stop_at}, the server says "
                              f"stored {answer['stored']}")
        self.fire.history.acks.append(Ack(self.log.key, answer["incarnation"], self.name, first,
                                          stop_at - first, answer["position"]))
        self.log.learn(answer["incarnation"], answer["position"])
        self.done = max(self.done, stop_at)

    async def exchange(self, path, headers, texts):
        connection = await Connection.open(self.fire.port(self.through_proxy))
        async with connection, asyncio.timeout(30):
            if self.rng.random() < 0.2 and self.style != JSON:
                await self.send_slowly(connection, path, headers, texts)
            else:
                await connection.send(request_bytes("POST", path, headers, self.body(texts)))
            return await connection.response()

    async def send_slowly(self, connection, path, headers, texts):
        """A chunked body whose chunks do not care where lines end, and which takes its time."""
        sent = {**headers, "Transfer-Encoding": "chunked"}
        await connection.send(request_bytes("POST", path, sent))
        body = self.body(texts)
        at = 0
        while at < len(body):
            size = self.rng.randrange(1, max(2, len(body) // 3))
            await connection.send(chunk(body[at:at + size]))
            at += size
            await pause(self.rng, 0.0, 0.1)
        await connection.send(chunk(b""))

    def body(self, texts):
        if self.style == TEXT:
            end = "\r\n" if self.rng.random() < 0.2 else "\n"
            return (end.join(texts) + ("" if self.rng.random() < 0.3 else end)).encode()
        objects = [{"text": text, "stream": self.rng.choice(("stdout", "stderr")),
                    "source": self.base} for text in texts]
        if self.style == JSON:
            return json.dumps(objects[0] if len(objects) == 1 else objects).encode()
        return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in objects).encode()


async def end_by_post(fire, log):
    """POST …/end until it is answered."""
    rng = fire.rng("end of " + log.key)
    body = json.dumps({"outcome": log.outcome, "exit_code": 3, "reason": "it had to"}).encode()
    while True:
        try:
            async with await Connection.open(fire.port(rng.random() < 0.5)) as connection:
                answer = await connection.request("POST", f"{BASE}/{log.key}/end",
                                                  {"Content-Type": JSON}, body)
            if answer.status == 200:
                return
            if answer.status not in (404, 429, 503):
                fire.problem(f"end of {log.key} answered {answer!r}")
                return
            if answer.status == 404:
                await create(fire, log)
        except LOST:
            pass
        await pause(rng, 0.02, 0.3)


async def create(fire, log):
    """One try to PUT the log; nothing is said when it fails."""
    try:
        async with await Connection.open(fire.direct) as connection:
            answer = await connection.request("PUT", f"{BASE}/{log.key}", {"Content-Type": JSON},
                                              b'{"labels": {"test": "fire"}}')
        if answer.status in (200, 201):
            log.learn(answer.json()["incarnation"], 0)
    except LOST:
        pass


async def write_log(fire, log):
    """All of a log's producers, from its creation to its end."""
    rng = fire.rng("life of " + log.key)
    await pause(rng, 0, 1.5)
    if rng.random() < 0.3:
        await create(fire, log)
    exact = [Producer(fire, log, True) for _ in range(rng.randrange(1, 3))]
    plain = [Producer(fire, log, False)
             for _ in range(0 if log.deletable else rng.randrange(0, 2))]
    racing = log.way == "race"
    stop = (lambda: log.state == "ended") if racing else log.due
    tasks = [asyncio.ensure_future(producer.run(stop)) for producer in exact + plain]
    try:
        while not log.due():
            await asyncio.sleep(0.1)
        if not racing:
            await asyncio.gather(*tasks)
        log.state = "ending"
        if log.way == "append":
            await end_by_append(exact[0], log.outcome)
        else:
            await end_by_post(fire, log)
        log.state = "ended"
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def end_by_append(producer, outcome):
    producer.finished = False
    while not producer.finished:
        await producer.turn(end=outcome)
