"""Scenarios: entries to viewers who are there."""

from common import BARE, EVENT_BYTES, nchan, new_log, number, ours, paths, pick
from measure import Figure, background, load, metric
from servers import CROWD, BareSend, Nginx, Tailrace

BARE_SEND = "bare send()"
SYNCED_SEND = "write, fdatasync, bare send()"


def one_at_a_time(plan):
    """One append, wait until 1,000 viewers have it, the next."""
    mine, diskless, bare, durable = [], [], [], []
    with (Tailrace() as server, Tailrace(in_memory=True) as unsynced, BareSend() as limit,
          BareSend(durable=True) as synced):
        for _ in plan.rounds():
            options = {"viewers": 1000, "seconds": plan.seconds(1.5)}
            mine.append(load("one-at-a-time", server, **ours(server), **options))
            diskless.append(load("one-at-a-time", unsynced, **ours(unsynced), **options))
            bare.append(load("one-at-a-time", limit, **BARE, **options))
            durable.append(load("one-at-a-time", synced, **BARE, **options))
    what = "1,000 viewers, one entry at a time"
    yield Figure("fan-out", f"{what}: deliveries per CPU second", "/s",
                 pick(mine, "per_cpu_second"), BARE_SEND, pick(bare, "per_cpu_second"), ">= 0.8")
    yield Figure("fan-out-memory", f"{what}, data in memory: deliveries per CPU second", "/s",
                 pick(diskless, "per_cpu_second"), f"{BARE_SEND}, nothing stored",
                 pick(bare, "per_cpu_second"), ">= 0.8")
    yield Figure("fan-out-wall", f"{what}: deliveries a second", "/s", pick(mine, "per_second"),
                 f"{BARE_SEND}, nothing stored", pick(bare, "per_second"))
    yield Figure("fan-out-durable", f"{what}: deliveries a second", "/s",
                 pick(mine, "per_second"), SYNCED_SEND, pick(durable, "per_second"))
    yield Figure("fan-out-durable-cpu", f"{what}: deliveries per CPU second", "/s",
                 pick(mine, "per_cpu_second"), SYNCED_SEND, pick(durable, "per_cpu_second"))


def latency(plan):
    """20 entries a second to 1,000 viewers."""
    mine, bare, durable = [], [], []
    with Tailrace() as server, BareSend() as limit, BareSend(durable=True) as synced:
        for _ in plan.rounds():
            options = {"viewers": 1000, "seconds": plan.seconds(3), "rate": 20}
            mine.append(load("paced", server, **ours(server), **options))
            bare.append(load("paced", limit, **BARE, **options))
            durable.append(load("paced", synced, **BARE, **options))
    for key, name, goal in (("p99_s", "p99", "<= 1.25"), ("p50_s", "p50", "")):
        what = f"{name} latency, 1,000 viewers, 20 entries/s"
        yield Figure(f"latency-{name}", what, "ms", pick(mine, key, 1e3),
                     f"{BARE_SEND}, nothing stored", pick(bare, key, 1e3), goal)
        yield Figure(f"latency-{name}-durable", what, "ms", pick(mine, key, 1e3), SYNCED_SEND,
                     pick(durable, key, 1e3))


# On the loopback interface a segment has 64 KiB, and whose receive buffer grows, and how far, is
# chance (0.44 to 1.1 MB among 1,000 viewers): whoever got a large one is ahead, whatever the server
# is. So all get the same one.
RECEIVE_BYTES = 200_000

# nchan hands each message to all subscribers before it answers; it needs no window, and a long one
# would only take long to drain.
NCHAN_FIREHOSE = {"producers": 4, "lines": 1, "window": 64}
OUR_FIREHOSE = {"producers": 4, "lines": 100, "window": 4096}


def sent_size(server, call):
    """(what the call returned, average size of a write to a viewer meanwhile)"""
    def both():
        return [metric(server, f"tailrace_stream_{what}_total") for what in ("bytes", "writes")]
    before = both()
    result = call()
    sent, writes = [after - b for after, b in zip(both(), before)]
    return result, sent / writes


def same_size_firehose(size):
    """For a bare loop: one producer, each of whose bodies is one write of `size` to each viewer."""
    lines = max(1, round(size / EVENT_BYTES))
    return {**BARE, "producers": 1, "lines": lines, "window": max(4096, 2 * lines)}


def firehose(plan, viewers):
    """Producers as fast as they are answered, 200-byte entries."""
    text, batch, rival, bare, sizes = [], [], [], [], []
    options = {"viewers": viewers, "seconds": plan.seconds(2), "receive_bytes": RECEIVE_BYTES}
    with Tailrace() as server, Nginx() as other, BareSend() as limit:
        for _ in plan.rounds():
            figures, size = sent_size(
                server, lambda: load("firehose", server, **ours(server), **OUR_FIREHOSE, **options))
            text.append(figures)
            sizes.append(size)
            bare.append(load("firehose", limit, **same_size_firehose(size), **options))
            rival.append(load("firehose", other, **nchan(), **NCHAN_FIREHOSE, **options))
            batch.append(load("firehose", server, **ours(server, "?format=batch"), **OUR_FIREHOSE,
                              **options))
    key = "per_cpu_second"
    what, name = f"firehose, {viewers:,} viewers", f"firehose-{viewers}"
    yield Figure(name, f"{what}: events per CPU second", "/s", pick(text, key),
                 "nchan, one worker", pick(rival, key), ">= 20")
    yield Figure(f"{name}-batch", f"{what}, format=batch: entries per CPU second", "/s",
                 pick(batch, key), goal=">= 3.75e6", goal_of_ours=True,
                 note="the goal is 3x the 1.25 M/s a core of S2-lite")
    yield Figure(f"{name}-bytes", f"{what}: bytes per CPU second", "B/s",
                 [one[key] * one["bytes_each"] for one in text],
                 f"{BARE_SEND}s of the same size", [one[key] * one["bytes_each"] for one in bare],
                 ">= 0.8", note="sizes: " + ", ".join(f"{size:.0f} B" for size in sizes))
    yield Figure(f"{name}-slowest", f"{what}: entries of the slowest viewer, of the median's", "",
                 pick(text, "slowest_share"), f"{BARE_SEND}s of the same size",
                 pick(bare, "slowest_share"), ">= 0.9", goal_of_ours=True)


def firehose_1000(plan):
    return firehose(plan, 1000)


def firehose_5000(plan):
    return firehose(plan, 5000)


def neighbour(plan):
    """Lone entries of one log while another one is a firehose for 1,000 viewers."""
    lone = {"viewers": 10, "rate": 50, "seconds": plan.seconds(3), "first": True}

    def both(server, beside, alone):
        with background("paced", server, **ours(server), **lone) as prober:
            alone.append(prober.result())
        with background("firehose", server, **ours(server), **OUR_FIREHOSE,
                        viewers=plan.crowd(1000), seconds=lone["seconds"] + 1) as hose:
            with background("paced", server, **ours(server), **lone) as prober:
                beside.append(prober.result())
            hose.result()

    disk, memory = ([], []), ([], [])
    with Tailrace() as server, Tailrace(in_memory=True) as unsynced:
        for _ in plan.rounds():
            both(server, *disk)
            both(unsynced, *memory)
    what = "p99 latency of another log's entries beside a firehose"
    for name, title, (beside, alone) in (
            ("neighbour-p99", what, disk),
            ("neighbour-memory-p99", f"{what}, data in memory", memory)):
        yield Figure(name, title, "ms", pick(beside, "p99_s", 1e3), "without the firehose",
                     pick(alone, "p99_s", 1e3), "<= 5", goal_of_ours=True)


def crowd(plan):
    """What an entry costs for each of 19,000 viewers and each of 100."""
    many, few, bare_many, bare_few = [], [], [], []
    small = {"viewers": 100, "seconds": plan.seconds(1)}
    large = {"viewers": plan.crowd(19_000), "seconds": plan.seconds(2)}
    with Tailrace(flags=CROWD) as server, BareSend() as limit:
        for _ in plan.rounds():
            many.append(load("one-at-a-time", server, **ours(server), **large))
            few.append(load("one-at-a-time", server, **ours(server), **small))
            bare_many.append(load("one-at-a-time", limit, **BARE, **large))
            bare_few.append(load("one-at-a-time", limit, **BARE, **small))

    def cost(rounds):
        return [1e6 / one["per_cpu_second"] for one in rounds]
    what = f"CPU of a delivered entry at {large['viewers']:,} viewers"
    yield Figure("crowd", what, "µs", cost(many), "at 100 viewers", cost(few), "<= 1.5")
    yield Figure("crowd-bare", f"{what}, bare send()", "µs", cost(bare_many), "at 100 viewers",
                 cost(bare_few))


def many_logs(plan):
    """1,000 busy logs, 2,000 viewers spread over them, beside 99,000 idle logs or none."""
    busy, many, few = 1000, [], []
    known = plan.crowd(100_000)
    with Tailrace() as large, Tailrace() as small:
        load("create", large, post="/api/v1/logs/known/{}", logs=known - busy, producers=1000)
        for _ in plan.rounds():
            for server, rounds in ((large, many), (small, few)):
                log = f"/api/v1/logs/busy-{number()}/{{}}"
                rounds.append(load("spread", server, **paths(log), logs=busy, viewers=2000,
                                   producers=64, seconds=plan.seconds(1.5)))
    yield Figure("many-logs", f"deliveries per CPU second, {busy:,} busy logs of {known:,}", "/s",
                 pick(many, "per_cpu_second"), f"of {busy:,}", pick(few, "per_cpu_second"),
                 ">= 0.9")
