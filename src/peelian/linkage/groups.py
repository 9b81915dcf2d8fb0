"""Groups: the records that proposals and decisions together make one person, vehicle or address.

Not by chains: in a chain of likely pairs A-B, B-C, C-D ... the ends are strangers, and one wrong pair joins two
people for good. Groups grow by average linkage: two are joined only while the pairs between them are, on average,
more likely right than wrong; a pair that was not proposed counts as wrong.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass

from peelian.linkage.proposals import Decisions, Proposals


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of two records or more, ids in order, and pairs that people rejected but whose group they accepted."""

    members: tuple[tuple[str, ...], ...]
    contradictions: tuple[tuple[str, str], ...] = ()


def group(proposals: Proposals, decisions: Decisions | None = None, least_mean: float = 0.5) -> Groups:
    """Return the groups: accepted pairs always together, rejected pairs apart, the rest by mean probability.

    A proposal of a rule alone has no probability: it joins nobody before a person accepts it. Equal means are
    joined in order of their ids, so the order of the proposals changes nothing.
    """
    decisions = decisions or Decisions()
    weighed = proposals.table.select("left_id", "right_id", "probability").drop_nulls().sort("left_id", "right_id")
    joining = _Joining(least_mean)
    for left, right in sorted(decisions.accepted):
        joining.join(joining.root(left), joining.root(right))
    contradictions = []
    for left, right in sorted(decisions.rejected):
        if joining.root(left) == joining.root(right):
            contradictions.append((left, right))
        else:
            joining.part(joining.root(left), joining.root(right))
    for left, right, probability in weighed.rows():
        joining.add(joining.root(left), joining.root(right), probability)
    joining.run()
    groups = sorted(tuple(sorted(ids)) for ids in joining.members.values() if len(ids) > 1)
    return Groups(tuple(groups), tuple(contradictions))


class _Joining:
    """The groups so far: their members, the sum of probabilities between two of them, and those kept apart."""

    def __init__(self, least_mean: float) -> None:
        self.least_mean = least_mean
        self.members: dict[str, list[str]] = {}
        self._root: dict[str, str] = {}
        self._sums: dict[str, dict[str, float]] = defaultdict(dict)
        self._apart: dict[str, set[str]] = defaultdict(set)

    def root(self, record_id: str) -> str:
        """The name of the record's group; a record not met before is a group of its own."""
        if record_id not in self._root:
            self._root[record_id] = record_id
            self.members[record_id] = [record_id]
        return self._root[record_id]

    def part(self, one: str, other: str) -> None:
        """Keep two groups apart."""
        self._apart[one].add(other)
        self._apart[other].add(one)

    def add(self, one: str, other: str, probability: float) -> None:
        """Count a pair between two groups."""
        if one != other:
            total = self._sums[one].get(other, 0.0) + probability
            self._sums[one][other] = self._sums[other][one] = total

    def join(self, kept: str, gone: str) -> None:
        """Make two groups one, under the first one's name."""
        if kept == gone:
            return
        for record_id in self.members[gone]:
            self._root[record_id] = kept
        self.members[kept] += self.members.pop(gone)
        self._sums[kept].pop(gone, None)
        for other, total in self._sums.pop(gone, {}).items():
            if other != kept:
                self._sums[other].pop(gone)
                self.add(kept, other, total)
        for other in self._apart.pop(gone, set()):
            self._apart[other].discard(gone)
            self.part(kept, other)

    def run(self) -> None:
        """Join the two groups of the highest mean, over and over, while that mean is high enough."""
        heap = [place for one in self._sums for other in self._sums[one] if (place := self._place(one, other))]
        heapq.heapify(heap)
        while heap:
            place = heapq.heappop(heap)
            _, kept, gone = place
            if kept in self.members and gone in self.members and self._place(kept, gone) == place:
                self.join(kept, gone)
                for other in self._sums[kept]:
                    if new := self._place(kept, other):
                        heapq.heappush(heap, new)

    def _place(self, one: str, other: str) -> tuple[float, str, str] | None:
        """Where the pair of groups stands in the queue; None where they may not be joined."""
        total = self._sums.get(one, {}).get(other)
        if total is None or other in self._apart.get(one, ()):
            return None
        mean = total / (len(self.members[one]) * len(self.members[other]))
        return (-mean, min(one, other), max(one, other)) if mean >= self.least_mean else None
