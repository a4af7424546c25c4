"""Scenarios: streams under TLS, over HTTP/2, and compressed, beside plain ones."""

from common import ours, pick
from delivery import OUR_FIREHOSE, RECEIVE_BYTES, same_size_firehose, sent_size
from measure import Figure, load
from servers import BareSend, Tailrace


def tls(plan):
    """The firehose to 1,000 viewers under TLS and over HTTP/2; SSL_write() and send() alone."""
    plain, secure, shared, bare, bare_secure = [], [], [], [], []
    options = {"viewers": 1000, "seconds": plan.seconds(2), "receive_bytes": RECEIVE_BYTES}
    with (Tailrace() as server, Tailrace(tls=True) as covered, BareSend() as limit,
          BareSend(tls=True) as covered_limit):
        for _ in plan.rounds():
            plain.append(load("firehose", server, **ours(server), **OUR_FIREHOSE, **options))
            figures, size = sent_size(covered, lambda: load(
                "firehose", covered, **ours(covered), **OUR_FIREHOSE, **options))
            secure.append(figures)
            shared.append(load("firehose", server, **ours(server), http2=True, streams=10,
                               **OUR_FIREHOSE, **options))
            same_size = {**same_size_firehose(size), **options}
            bare.append(load("firehose", limit, **same_size))
            bare_secure.append(load("firehose", covered_limit, **same_size))

    def cost(rounds):
        return [1e9 / one["per_cpu_second"] for one in rounds]
    what = "firehose, 1,000 viewers: CPU of a delivered entry"
    yield Figure("tls", f"{what}, TLS", "ns", cost(secure), "plain", cost(plain), "<= 2")
    yield Figure("tls-bare", f"{what}, TLS", "ns", cost(secure),
                 "bare SSL_write() of the same size", cost(bare_secure), "<= 1.25")
    yield Figure("tls-limit", f"{what}, bare SSL_write()", "ns", cost(bare_secure),
                 "bare send() of the same size", cost(bare))
    yield Figure("http2", f"{what}, HTTP/2, 10 streams a connection", "ns", cost(shared),
                 "HTTP/1.1", cost(plain))


def coding(plan):
    """The firehose to 1,000 viewers, compressed. One viewer in 50 decodes and checks all."""
    plain, coded = [], {"gzip": [], "zstd": []}
    options = {"viewers": 1000, "seconds": plan.seconds(2), "check_every": 50, "requests": True,
               **OUR_FIREHOSE}
    with Tailrace() as server:
        for _ in plan.rounds():
            plain.append(load("firehose", server, **ours(server), **options))
            for name, rounds in coded.items():
                rounds.append(load("firehose", server, **ours(server), coding=name, **options))
    for name, rounds in coded.items():
        what = f"firehose, 1,000 viewers, {name}"
        yield Figure(f"coding-{name}-bytes", f"{what}: bytes of an entry", "B",
                     pick(rounds, "bytes_each"), "plain", pick(plain, "bytes_each"), "<= 0.25")
        yield Figure(f"coding-{name}-cpu", f"{what}: CPU of a delivered entry", "ns",
                     [1e9 / one["per_cpu_second"] for one in rounds], "plain",
                     [1e9 / one["per_cpu_second"] for one in plain], "<= 1.2")
