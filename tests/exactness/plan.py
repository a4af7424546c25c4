"""One log's life under fire, and what all actors share."""

import asyncio
import random
import time

from exactness.records import mark_of

OUTCOMES = ("succeeded", "failed", "cancelled", "lost")
WORDS = ("build", "ok", "data: no", "id: 7", "event: end", ": comment", "retry: 1", "[DONE]", "né",
         "日本", "🙂", "\u2028", "\ufeff", "\t", "{\"a\":1}", "<b>", "\x1b[31mred", "=" * 40)


class Log:
    """`state`: "running", "ending" (somebody ends it), "ended" (everybody may know)."""

    def __init__(self, key, rng, life_seconds, deletable=False):
        self.key = key
        self.deletable = deletable
        self.state = "running"
        self.ends_at = time.monotonic() + life_seconds
        self.outcome = rng.choice(OUTCOMES)
        self.way = "post" if deletable else rng.choice(("append", "race", "post"))
        self.incarnation = ""
        self.acked = 0           # a position that is surely stored, of `incarnation`
        self.producers = []      # their tasks

    def learn(self, incarnation, position):
        if incarnation != self.incarnation:
            self.incarnation, self.acked = incarnation, 0
        self.acked = max(self.acked, position)

    def due(self):
        return time.monotonic() >= self.ends_at


class Fire:
    """Ports, history and randomness of one run. `direct` is the server, `proxied` its proxy."""

    def __init__(self, seed, history, direct):
        self.seed = seed
        self.history = history
        self.direct = direct
        self.proxied = direct
        self.logs = []
        self.counts = {}
        self.names = 0
        self.shared = None       # HTTP/2 connections (shared.py)
        self.is_over = False     # nobody stalls any more: all shall come to the end

    def rng(self, name):
        """A generator of an actor's own, so that actors do not disturb each other's numbers."""
        return random.Random(f"{self.seed}/{name}")

    def port(self, through_proxy):
        return self.proxied if through_proxy else self.direct

    def count(self, what, n=1):
        self.counts[what] = self.counts.get(what, 0) + n

    def problem(self, sentence):
        self.history.problems.append(sentence)

    def name(self, kind):
        self.names += 1
        return f"{kind}{self.names}"


def make_text(rng, tag, newlines):
    """A text that begins with its tag and goes on in a hostile way."""
    parts = [rng.choice(WORDS) for _ in range(rng.randrange(1, 8))]
    if rng.random() < 0.02:
        parts.append("x" * rng.randrange(2000, 40000))
    if rng.random() < 0.1:
        parts.insert(1, "a\rb\0c")
    if newlines and rng.random() < 0.2:
        parts.insert(1, rng.choice(("\n", "\r\n", "\n\n", "\r\r\n")))
    return f"{tag} " + " ".join(parts) + "."


def make_entries(fire, rng, producer, first, count, newlines):
    texts = []
    for sequence in range(first, first + count):
        text = make_text(rng, f"{producer}#{sequence}", newlines)
        fire.history.sent.add(producer, sequence, text)
        texts.append(text)
    return texts


async def pause(rng, low, high):
    await asyncio.sleep(rng.uniform(low, high))


__all__ = ["Fire", "Log", "make_entries", "mark_of", "pause"]
