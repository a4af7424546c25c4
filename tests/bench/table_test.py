"""Figures, verdicts, the table, and the flame graph."""

from xml.etree import ElementTree

from bench_case import BenchCase

import flame
from measure import Figure, human, table


class FigureTest(BenchCase):
    def test_ratio_is_the_median_of_neighbours(self):
        figure = Figure("a", "what", "/s", [10, 30, 20], "other", [10, 10, 40], ">= 0.9")
        self.assertEqual(figure.ratios(), [1, 3, 0.5])
        self.assertEqual(figure.ratio(), 1)
        self.assertEqual(figure.verdict(), "reached")

    def test_verdicts(self):
        def verdict(goal, **more):
            return Figure("a", "what", "ms", [2], "other", [1], goal, **more).verdict()
        self.assertEqual(verdict(""), "no goal")
        self.assertEqual(verdict("<= 2"), "reached")
        self.assertEqual(verdict("<= 1.9"), "missed")
        self.assertEqual(verdict(">= 2.1"), "missed")
        self.assertEqual(verdict("<= 5", goal_of_ours=True), "reached")
        self.assertEqual(verdict("<= 1e-3", goal_of_ours=True), "missed")

    def test_numbers_for_people(self):
        self.assertEqual(human(14_900_000, "/s"), "14.9 M/s")
        self.assertEqual(human(0.93, ""), "0.93")
        self.assertEqual(human(1234.5, "ms"), "1.23e+03 ms")
        self.assertEqual(human(756, "B"), "756 B")

    def test_table_is_aligned_markdown(self):
        text = table([Figure("a", "with a limit", "/s", [2], "other", [1], ">= 3"),
                      Figure("b", "alone", "B", [5], goal="<= 9", goal_of_ours=True)])
        lines = text.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertEqual(len({len(line) for line in lines}), 1)
        cells = [cell.strip() for cell in lines[3].strip("|").split("|")]
        self.assertEqual(cells, ["b", "alone", "5 B", "-", "-", "-", "<= 9 B", "reached", "1",
                                 "5 .. 5"])


SCRIPT = """worker
\t    55d0 tailrace::FeedTable::Serve(tailrace::Viewer&)
\t    55d1 std::vector<int, std::allocator<int> >::push_back(int const&)+0x1f
\t    55d2 main

worker
\t    55d3 <send&>
\t    55d2 main

"""


class FlameTest(BenchCase):
    def test_stacks_are_counted(self):
        self.assertEqual(sorted(flame.fold(SCRIPT)),
                         [("worker", "main", "<send&>"),
                          ("worker", "main", "std::vector::push_back", "FeedTable::Serve")])

    def test_drawing_is_well_formed_and_complete(self):
        stacks = {("worker", "main", "a<b>&c"): 3, ("worker", "main"): 1}
        root = ElementTree.fromstring(flame.draw(stacks, "tailrace in x<y"))
        titles = [one.text for one in root.iter("{http://www.w3.org/2000/svg}title")]
        self.assertEqual(titles, ["worker: 100.0%", "main: 100.0%", "a<b>&c: 75.0%"])
