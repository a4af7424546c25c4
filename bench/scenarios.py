"""What is measured, by name. Each function yields its figures; docs/performance.md says why they
are so."""

import coded
import crowds
import delivery
import memory
import search
import storage

SCENARIOS = {
    "fan-out": delivery.one_at_a_time,
    "latency": delivery.latency,
    "firehose-1000": delivery.firehose_1000,
    "firehose-5000": delivery.firehose_5000,
    "neighbour": delivery.neighbour,
    "crowd": delivery.crowd,
    "many-logs": delivery.many_logs,
    "storm": crowds.storm,
    "replay-storm": crowds.replay_storm,
    "stalled": crowds.stalled,
    "memory-http1": memory.memory,
    "memory-tls": memory.memory_tls,
    "memory-http2": memory.memory_http2,
    "ingest": storage.ingest_batches,
    "ingest-many": storage.ingest_many,
    "replay": storage.replay,
    "replay-first": storage.replay_first,
    "search": search.through_a_log,
    "coding": coded.coding,
    "tls": coded.tls,
}

# Several under one name.
GROUPS = {
    "fanout": ["fan-out", "latency", "firehose-1000", "firehose-5000", "neighbour"],
    "memory": ["memory-http1", "memory-tls", "memory-http2"],
    "crowds": ["crowd", "many-logs", "storm", "replay-storm", "stalled"],
}
