"""What happened under fire, as the checker needs it: what was sent, answered, seen and stored."""

import array
import dataclasses
import re

from support.sse import sse_text

TAG = re.compile(r"^([\w.-]+)#(\d+) ")


def mark_of(text):
    """64 bits that stand for a text within this run (a seed of Python's own is mixed in)."""
    return hash(text) & 0xFFFFFFFFFFFFFFFF


def tag_of(text):
    """(producer, sequence) that an entry's text begins with, or None."""
    found = TAG.match(text)
    return (found[1], int(found[2])) if found else None


class Sent:
    """All that producers ever tried to send, by its mark, in both forms that a viewer may see."""

    def __init__(self):
        self.tags = {}

    def add(self, producer, sequence, text):
        self.tags[mark_of(text)] = (producer, sequence)
        self.tags[mark_of(sse_text(text))] = (producer, sequence)

    def name(self, mark):
        tag = self.tags.get(mark)
        return f"{tag[0]}#{tag[1]}" if tag else f"a text that nobody sent ({mark:016x})"


@dataclasses.dataclass
class Ack:
    """A 200: entries [first, first + count) of a producer, in `incarnation`, below `position`."""

    key: str
    incarnation: str
    producer: str
    first: int
    count: int
    position: int


@dataclasses.dataclass
class Start:
    """How a viewer joined. `low`: a position that the log surely had when it asked, if it was still
    the incarnation `low_of`."""

    how: str              # "from", "tail" or "id"
    n: int = 0
    incarnation: str = ""
    low: int = 0
    low_of: str = ""


@dataclasses.dataclass
class Run:
    """Consecutive entries as one viewer saw them: marks of positions start, start + 1, …"""

    incarnation: str
    start: int
    marks: array.array = dataclasses.field(default_factory=lambda: array.array("Q"))

    def end(self):
        return self.start + len(self.marks)


@dataclasses.dataclass
class Note:
    """Anything a viewer saw that is not an entry: reset, gap, end, deleted, stopped (204)."""

    kind: str
    incarnation: str = ""
    position: int = 0
    detail: object = None


class Transcript:
    """Steps of one viewer in the order it saw them: Runs and Notes."""

    def __init__(self, viewer, key, start, plain_text, must_finish=True):
        self.viewer = viewer
        self.key = key
        self.start = start
        self.plain_text = plain_text    # texts as format=text shows them, else as JSON does
        self.must_finish = must_finish  # has to see the end and its 204
        self.steps = []

    def entry(self, incarnation, position, text):
        last = self.steps[-1] if self.steps else None
        if not isinstance(last, Run) or (last.incarnation, last.end()) != (incarnation, position):
            last = Run(incarnation, position)
            self.steps.append(last)
        last.marks.append(mark_of(text))

    def note(self, kind, incarnation="", position=0, detail=None):
        self.steps.append(Note(kind, incarnation, position, detail))

    def seen_nothing(self):
        return not self.steps


class StoredLog:
    """One incarnation as the store gives it by pages after the last crash."""

    def __init__(self, key, incarnation, texts, outcome, deletable=False):
        self.key = key
        self.incarnation = incarnation
        self.texts = texts
        self.outcome = outcome          # (outcome, exit_code, reason)
        self.deletable = deletable
        self.json_marks = array.array("Q", (mark_of(text) for text in texts))
        self.text_marks = array.array("Q", (mark_of(sse_text(text)) for text in texts))

    def marks(self, plain_text):
        return self.text_marks if plain_text else self.json_marks


@dataclasses.dataclass
class RawDownload:
    """A raw download, perhaps cut. `least_entries`: how many were surely stored before it."""

    key: str
    size: int
    digest: str
    least_entries: int
    complete: bool


@dataclasses.dataclass
class History:
    """All of it. `deleted`: incarnations that a DELETE was sent for."""

    sent: Sent = dataclasses.field(default_factory=Sent)
    acks: list = dataclasses.field(default_factory=list)
    transcripts: list = dataclasses.field(default_factory=list)
    downloads: list = dataclasses.field(default_factory=list)
    stored: dict = dataclasses.field(default_factory=dict)   # incarnation -> StoredLog
    deleted: set = dataclasses.field(default_factory=set)
    exact: set = dataclasses.field(default_factory=set)      # producers that number their entries
    unanswered: dict = dataclasses.field(default_factory=dict)   # plain ones: ranges of sequences
    problems: list = dataclasses.field(default_factory=list)  # seen while it ran
