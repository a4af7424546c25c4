"""The checker must object to every kind of lie: doctored histories, one lie each."""

import hashlib
import unittest

from exactness.checker import check
from exactness.records import Ack, History, RawDownload, Start, StoredLog, Transcript

KEY = "fire/a"
OUTCOME = ("succeeded", 0, None)


def text_of(producer, sequence):
    return f"{producer}#{sequence} text\r{sequence}"


def order():
    """Twelve entries of an exact producer p and a plain one q that left #1 unanswered."""
    tags = [("p", 0), ("p", 1), ("q", 0), ("p", 2), ("q", 2), ("p", 3), ("p", 4), ("q", 3),
            ("p", 5), ("p", 6), ("q", 4), ("p", 7)]
    return [text_of(*tag) for tag in tags]


class Scene:
    """A true history; tests doctor it and expect exactly one objection."""

    def __init__(self):
        self.texts = order()
        self.history = History(exact={"p"})
        for producer in "pq":
            for sequence in range(10):
                self.history.sent.add(producer, sequence, text_of(producer, sequence))
        self.history.acks = [Ack(KEY, "inc1", "p", 0, 3, 4), Ack(KEY, "inc1", "p", 2, 6, 12),
                             Ack(KEY, "inc1", "q", 2, 3, 11)]
        raw = "".join(text + "\n" for text in self.texts).encode()
        self.history.downloads = [
            RawDownload(KEY, len(raw), hashlib.md5(raw).hexdigest(), 12, True),
            RawDownload(KEY, 7, hashlib.md5(raw[:7]).hexdigest(), 5, False)]
        self.viewer = self.transcript("v1", Start("from", 0))

    def store(self, outcome=OUTCOME):
        self.history.stored["inc1"] = StoredLog(KEY, "inc1", self.texts, outcome)

    def transcript(self, name, start, **more):
        made = Transcript(name, KEY, start, plain_text=False, **more)
        self.history.transcripts.append(made)
        return made

    def watch(self, viewer, positions, end=True):
        for position in positions:
            viewer.entry("inc1", position, order()[position])
        if end:
            viewer.note("end", "inc1", 12, OUTCOME)
            viewer.note("stopped")


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.scene = Scene()
        self.viewer = self.scene.viewer
        self.history = self.scene.history

    def objections(self):
        if not self.history.stored:
            self.scene.store()
        return check(self.history)

    def expect(self, words):
        found = self.objections()
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def test_truth_passes(self):
        self.scene.watch(self.viewer, range(12))
        late = self.scene.transcript("v2", Start("id", 5, "inc1"))
        self.scene.watch(late, range(5, 12))
        tail = self.scene.transcript("v3", Start("tail", 3, low=6))
        self.scene.watch(tail, range(4, 12))
        nothing = self.scene.transcript("v4", Start("from", 12))
        self.scene.watch(nothing, [])
        self.assertEqual(self.objections(), [])

    def test_lost_entry(self):
        self.scene.watch(self.viewer, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11])
        self.expect("at ('inc1', 3) came ('inc1', 4)")

    def test_lost_first_entry(self):
        self.scene.watch(self.viewer, range(1, 12))
        self.expect("the first entry was ('inc1', 1)")

    def test_lost_last_entry(self):
        self.scene.watch(self.viewer, range(11))
        self.expect("`end` came at ('inc1', 11)")

    def test_doubled_entry(self):
        self.scene.watch(self.viewer, [0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
        self.expect("at ('inc1', 3) came ('inc1', 2)")

    def test_swapped_texts(self):
        for position in [0, 1, 3, 2, *range(4, 12)]:
            self.viewer.entry("inc1", len(getattr(self.viewer.steps[0], "marks", [])) if
                              self.viewer.steps else 0, order()[position])
        self.scene.watch(self.viewer, [])
        self.expect("position 2 is q#0 in the store, the viewer got p#2 (stored at [3])")

    def test_invented_entry(self):
        self.scene.watch(self.viewer, range(6), end=False)
        self.viewer.entry("inc1", 6, "made up")
        self.scene.watch(self.viewer, range(7, 12))
        self.expect("a text that nobody sent")

    def test_entry_that_the_crash_took(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.viewer.entry("inc1", 12, text_of("p", 8))
        self.viewer.must_finish = False
        self.expect("position 12 (p#8) is not in the store")

    def test_double_end(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.viewer.note("end", "inc1", 12, OUTCOME)
        self.scene.watch(self.viewer, [])
        self.expect("`end` came twice")

    def test_no_end(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.expect("saw `end` 0 times")

    def test_no_204(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.viewer.note("end", "inc1", 12, OUTCOME)
        self.expect("204 0 times")

    def test_204_before_the_end(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.viewer.note("stopped")
        self.expect("204 came before `end`")

    def test_entry_after_the_end(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.viewer.note("end", "inc1", 12, OUTCOME)
        self.viewer.entry("inc1", 12, text_of("p", 8))
        self.expect("came after `end`")

    def test_other_outcome(self):
        self.scene.watch(self.viewer, range(12))
        self.scene.store(outcome=("failed", 1, None))
        self.expect("`end` says ('succeeded', 0, None), the log says ('failed', 1, None)")

    def test_wrong_position_of_end(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.viewer.note("end", "inc1", 11, OUTCOME)
        self.viewer.note("stopped")
        self.expect("`end` says position 11")

    def test_end_instead_of_entries(self):
        self.scene.watch(self.viewer, [])
        self.expect("`end` came instead of the entries")

    def test_tail_too_short_and_too_long(self):
        self.scene.watch(self.viewer, range(12))
        self.scene.watch(self.scene.transcript("v2", Start("tail", 3, low=6)), range(10, 12))
        self.scene.watch(self.scene.transcript("v3", Start("tail", 3, low=6)), range(2, 12))
        found = self.objections()
        self.assertEqual(len(found), 2, found)

    def test_tail_of_a_log_that_was_recreated_as_it_was_asked_for(self):
        self.scene.watch(self.viewer, range(12))
        late = self.scene.transcript("v2", Start("tail", 3, low=90, low_of="inc0"))
        self.scene.watch(late, range(0, 12))
        self.history.deleted.add("inc0")
        self.assertEqual(self.objections(), [])

    def test_other_incarnation(self):
        self.viewer.entry("inc9", 0, order()[0])
        self.viewer.must_finish = False
        self.expect("saw log inc9, which is not stored and which nobody deleted")

    def test_gap(self):
        self.viewer.note("gap", "inc1", 0, {"from": 0, "to": 3})
        self.scene.watch(self.viewer, range(3, 12))
        self.expect("gap")

    def test_reset_ahead_of_what_was_seen(self):
        self.scene.watch(self.viewer, range(12), end=False)
        self.viewer.note("reset", "inc1", 0, "ahead")
        self.expect("it saw what is not stored")

    def test_reset_and_deletion_without_cause(self):
        self.scene.watch(self.viewer, range(3), end=False)
        self.viewer.note("reset", "inc2", 0, "recreated")
        self.expect("nobody deleted it")

    def test_deletion_without_cause(self):
        self.scene.watch(self.viewer, range(3), end=False)
        self.viewer.note("deleted", "inc1")
        self.expect("was deleted, but nobody did")

    def test_position_means_two_things(self):
        self.scene.watch(self.viewer, range(12))
        self.history.deleted.add("inc0")
        for name, tag in (("v2", ("p", 3)), ("v3", ("p", 4))):
            other = self.scene.transcript(name, Start("from", 0), must_finish=False)
            other.entry("inc0", 0, text_of(*tag))
        self.expect("to another viewer")


class StoreCheckTest(unittest.TestCase):
    def setUp(self):
        self.scene = Scene()
        self.history = self.scene.history
        self.scene.viewer.must_finish = False
        self.history.downloads = []

    def expect(self, words):
        self.scene.store()
        found = check(self.history)
        self.assertTrue(any(words in problem for problem in found), found)

    def test_acknowledged_entry_is_missing(self):
        self.scene.texts.remove(text_of("q", 3))
        self.expect("q#2+3: #3 is not stored")

    def test_gap_of_an_exact_producer(self):
        self.history.acks = []
        self.scene.texts.remove(text_of("p", 3))
        self.expect("is p#4, but its producer's next one was 3")

    def test_entry_stored_twice(self):
        self.scene.texts.append(text_of("p", 7))
        self.expect("is p#7, but its producer's next one was 8")

    def test_plain_entry_stored_twice(self):
        self.scene.texts.append(text_of("q", 4))
        self.expect("is q#4")

    def test_producer_out_of_order(self):
        texts = self.scene.texts
        texts[2], texts[4] = texts[4], texts[2]
        self.expect("is q#0, but its producer's #2 stands before it")

    def test_body_without_an_answer_may_come_late_but_in_order(self):
        self.history.acks = []
        texts = self.scene.texts
        texts.remove(text_of("q", 2))
        texts.remove(text_of("q", 3))
        texts += [text_of("q", 2), text_of("q", 3)]
        self.expect("is q#2, but its producer's #4 stands before it")
        self.history.unanswered = {"q": [range(2, 4)]}
        self.scene.store()
        self.assertEqual(check(self.history), [])
        texts[-2:] = texts[:-3:-1]
        self.expect("is q#2, but its producer's #3 stands before it")

    def test_stored_but_never_sent(self):
        self.scene.texts.append("p#99 nobody sent this")
        self.expect("was never sent")

    def test_acknowledged_log_is_gone(self):
        self.history.acks.append(Ack("fire/b", "inc7", "p", 0, 1, 1))
        self.expect("that log is gone and nobody deleted it")

    def test_told_a_position_too_low_or_too_high(self):
        self.history.acks = [Ack(KEY, "inc1", "p", 7, 1, 11)]
        self.expect("at 11, not below the position told, 11")
        self.history.acks = [Ack(KEY, "inc1", "p", 7, 1, 13)]
        self.expect("told position 13, the log has 12")

    def test_raw_download_differs(self):
        digest = hashlib.md5(b"p#0 tex").hexdigest()
        self.history.downloads = [RawDownload(KEY, 7, digest, 0, False)]
        self.scene.store()
        self.assertEqual(check(self.history), [])
        self.history.downloads[0].digest = hashlib.md5(b"p#0 teX").hexdigest()
        self.expect("are not the log's first")

    def test_raw_download_too_short(self):
        raw = (text_of("p", 0) + "\n").encode()
        self.history.downloads = [RawDownload(KEY, len(raw), hashlib.md5(raw).hexdigest(), 2, True)]
        self.expect("were stored before it was asked for")


if __name__ == "__main__":
    unittest.main()
