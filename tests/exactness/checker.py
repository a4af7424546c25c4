"""Proves a History: every promise about exactness, or the first difference of each liar."""

import hashlib

from exactness.records import Note, Run, tag_of

MAX_PROBLEMS = 50


def check(history):
    """All problems, as sentences; empty if every promise was kept."""
    problems = list(history.problems)
    for log in history.stored.values():
        problems += check_stored(log, history)
    problems += check_acks(history)
    table = {}
    for transcript in history.transcripts:
        problems += check_transcript(transcript, history, table)
    for download in history.downloads:
        problems += check_download(download, history)
    return problems[:MAX_PROBLEMS]


# -------------------------------------------------------------------------------------------------
# The store against the producers

def sequences_of(log):
    """producer -> [(sequence, index in the log)] in the log's order."""
    found = {}
    for index, text in enumerate(log.texts):
        tag = tag_of(text)
        if tag:
            found.setdefault(tag[0], []).append((tag[1], index))
    return found


def check_stored(log, history):
    """Only what was sent is stored, in the order of each producer, and nothing twice."""
    where = f"store {log.key} ({log.incarnation})"
    for index, mark in enumerate(log.json_marks):
        if mark not in history.sent.tags:
            return [f"{where}: entry {index} was never sent: {log.texts[index][:80]!r}"]
    problems = []
    for producer, pairs in sequences_of(log).items():
        if producer in history.exact:
            wrong = first_not_next(pairs)
        else:
            wrong = first_out_of_order(pairs, history.unanswered.get(producer, []))
        if wrong:
            (sequence, index), why = wrong
            problems.append(f"{where}: entry {index} is {producer}#{sequence}, but {why}")
    return problems


def first_not_next(pairs):
    """An exact producer's entries are 0, 1, 2, …: the first that is not, and why."""
    for wanted, pair in enumerate(pairs):
        if pair[0] != wanted:
            return pair, f"its producer's next one was {wanted}"
    return None


def first_out_of_order(pairs, unanswered):
    """A plain producer's entries are in its order. Only a body that got no answer may come behind
    the next ones, as a whole or in pieces: they went by other connections, and it was not read to
    its end yet when they came."""
    highest = -1
    highest_of = {}       # unanswered body -> its last entry so far
    for pair in pairs:
        sequence = pair[0]
        body = next((body for body in unanswered if sequence in body), None)
        before = highest if body is None else highest_of.get(body, -1)
        if sequence <= before:
            return pair, f"its producer's #{before} stands before it"
        if body is not None:
            highest_of[body] = sequence
        highest = max(highest, sequence)
    return None


def check_acks(history):
    """Every acknowledged entry is there, below the position that the producer was told."""
    indexes = {incarnation: {producer: dict(pairs) for producer, pairs in sequences_of(log).items()}
               for incarnation, log in history.stored.items()}
    problems = []
    for ack in history.acks:
        if ack.incarnation in history.deleted:
            continue
        name = f"ack {ack.key} ({ack.incarnation}) {ack.producer}#{ack.first}+{ack.count}"
        if ack.incarnation not in indexes:
            problems.append(f"{name}: that log is gone and nobody deleted it")
            continue
        index_of = indexes[ack.incarnation].get(ack.producer, {})
        for sequence in range(ack.first, ack.first + ack.count):
            index = index_of.get(sequence)
            if index is None or index >= ack.position:
                problems.append(f"{name}: #{sequence} is " + ("not stored" if index is None else
                                f"at {index}, not below the position told, {ack.position}"))
                break
        if ack.position > len(history.stored[ack.incarnation].texts):
            problems.append(f"{name}: told position {ack.position}, the log has "
                            f"{len(history.stored[ack.incarnation].texts)}")
    return problems


# -------------------------------------------------------------------------------------------------
# Viewers against the store

def check_transcript(transcript, history, table):
    """At most one problem: the first place where the viewer's transcript is not the log."""
    problem = Walk(transcript, history, table).run()
    return [f"viewer {transcript.viewer} of {transcript.key}: {problem}"] if problem else []


class Walk:
    """One pass over a transcript. `next`: (incarnation, position) that must come now."""

    def __init__(self, transcript, history, table):
        self.transcript = transcript
        self.history = history
        self.table = table
        self.next = None
        self.ends = 0
        self.stopped = 0

    def run(self):
        for step in self.transcript.steps:
            if self.stopped:
                return f"{step} came after the 204"
            problem = self.entries(step) if isinstance(step, Run) else self.note(step)
            if problem:
                return problem
        if self.transcript.must_finish and (self.ends, self.stopped) != (1, 1):
            return (f"saw `end` {self.ends} times and 204 {self.stopped} times, "
                    f"stands at {self.next}")
        return None

    def entries(self, run):
        if self.ends:
            return f"entry {run.start} came after `end`"
        wrong = self.wrong_place(run)
        if wrong:
            return wrong
        self.next = (run.incarnation, run.end())
        log = self.history.stored.get(run.incarnation)
        if log is None:
            return self.against_others(run)
        stored = log.marks(self.transcript.plain_text)
        if stored[run.start:run.end()] == run.marks:
            return None
        at = next(i for i, mark in enumerate(run.marks)
                  if run.start + i >= len(stored) or stored[run.start + i] != mark)
        return self.difference(run, at, stored)

    def wrong_place(self, run):
        """The run must begin where the one before ended, or where the viewer asked to start."""
        place = (run.incarnation, run.start)
        if self.next is not None:
            if place == self.next:
                return None
            return f"at {self.next} came {place}: {self.history.sent.name(run.marks[0])}"
        start = self.transcript.start
        if start.how == "tail":
            log = self.history.stored.get(run.incarnation)
            high = max(0, len(log.texts) - start.n) if log else run.start
            low = start.low if start.low_of in ("", run.incarnation) else 0
            if max(0, low - start.n) <= run.start <= high:
                return None
        elif run.start == start.n and start.incarnation in ("", run.incarnation):
            return None
        return f"asked for {start}, and the first entry was {place}"

    def against_others(self, run):
        """A deleted log: the store can't tell, but no two viewers may differ about a position."""
        if run.incarnation not in self.history.deleted:
            return f"saw log {run.incarnation}, which is not stored and which nobody deleted"
        for i, mark in enumerate(run.marks):
            place = (run.incarnation, run.start + i)
            tag = self.history.sent.tags.get(mark)
            if tag is None:
                return f"at {place} came {self.history.sent.name(mark)}"
            other = self.table.setdefault(place, tag)
            if other != tag:
                return f"position {place} means {tag} here and {other} to another viewer"
        return None

    def difference(self, run, at, stored):
        position = run.start + at
        name = self.history.sent.name(run.marks[at])
        if position >= len(stored):
            return f"position {position} ({name}) is not in the store, which ends at {len(stored)}"
        elsewhere = [i for i, mark in enumerate(stored) if mark == run.marks[at]]
        where = f"stored at {elsewhere}" if elsewhere else "not in the store at all"
        return (f"position {position} is {self.history.sent.name(stored[position])} in the store, "
                f"the viewer got {name} ({where})")

    def note(self, note):
        handler = getattr(self, "note_" + note.kind)
        return handler(note)

    def note_reset(self, note):
        if self.ends:
            return "a reset came after `end`"
        if note.detail == "ahead" and self.next and self.next[0] == note.incarnation:
            return f"told that {self.next} lies beyond the end: it saw what is not stored"
        gone = (self.next[0] if self.next else self.transcript.start.incarnation) or None
        if note.detail == "recreated" and gone and gone not in self.history.deleted:
            return f"told that {gone} was recreated, but nobody deleted it"
        if note.detail == "ahead" and not self.next and not self.history.deleted:
            return f"told that its start {self.transcript.start} lies beyond the end"
        self.next = (note.incarnation, 0)
        return None

    def note_gap(self, note):
        return f"gap {note.detail} though nothing was cut"

    def note_deleted(self, note):
        if self.next and self.next[0] not in self.history.deleted:
            return f"told that {self.next[0]} was deleted, but nobody did"
        return None

    def note_end(self, note):
        self.ends += 1
        if self.ends > 1:
            return "`end` came twice"
        log = self.history.stored.get(note.incarnation)
        if log is None:
            return f"`end` of {note.incarnation}, which is not stored"
        if self.next is None and not self.empty_start(log):
            return f"`end` came instead of the entries from {self.transcript.start} on"
        if self.next and self.next != (note.incarnation, len(log.texts)):
            return f"`end` came at {self.next}, the log has {len(log.texts)} entries"
        if note.position != len(log.texts):
            return f"`end` says position {note.position}, the log has {len(log.texts)} entries"
        if note.detail is not None and note.detail != log.outcome:
            return f"`end` says {note.detail}, the log says {log.outcome}"
        return None

    def empty_start(self, log):
        """Whether a viewer that joined so may see no entry at all before the end."""
        start = self.transcript.start
        if start.how == "tail":
            return start.n == 0 or not log.texts
        return start.n == len(log.texts)

    def note_stopped(self, _note):
        self.stopped += 1
        return None if self.ends else "204 came before `end`"


# -------------------------------------------------------------------------------------------------
# Raw downloads

def check_download(download, history):
    """The bytes are a prefix of the stored text; a whole one has all that was stored before."""
    logs = [log for log in history.stored.values() if log.key == download.key]
    if not logs:
        return [f"raw download of {download.key}: that log is not stored"]
    name = f"raw download of {download.key}: {download.size} bytes"
    raw = "".join(text + "\n" for text in logs[0].texts).encode("utf-8")
    prefix = raw[:download.size]
    if len(prefix) < download.size or hashlib.md5(prefix).hexdigest() != download.digest:
        return [f"{name}, but they are not the log's first"]
    if not download.complete:
        return []
    least = len("".join(text + "\n" for text in logs[0].texts[:download.least_entries]).encode())
    if download.size < least or (prefix and not prefix.endswith(b"\n")):
        return [f"{name} and whole, but {least} were stored before it was asked for, and it has to "
                "end with an entry"]
    return []


__all__ = ["check", "Note"]
