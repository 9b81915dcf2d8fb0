"""Merges: two records found to be one. A merge ties them (``same-as``) and changes neither: undone, both are back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from peelian.errors import ConflictError, NotFoundError, RecordError
from peelian.records.access import Act, Actor
from peelian.records.catalogue import SAME_AS, Catalogue
from peelian.records.links import Link
from peelian.records.marking import may_read, need_keeper, need_reader
from peelian.records.purpose import Purpose
from peelian.store import audit
from peelian.store.records.bulk import chunks
from peelian.store.records.reading import MOST_MEMBERS, as_link, component, marking_of, need_row, record_name
from peelian.store.records.tables import LinkRow, MergeProposal, Record
from peelian.store.records.writing import By, Told, add_link, kept, take_back


@dataclass(frozen=True, slots=True)
class Proposed:
    """Two records that may be one, as a method proposes them.

    ``score`` is the probability that they are one, None where only a rule spoke; ``reasons`` are words for a person;
    ``waterfall`` takes the weight apart: words, bits, and the weight so far.
    """

    left: int
    right: int
    score: float | None
    reasons: tuple[str, ...]
    waterfall: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal in the queue: ``decision`` is open, accepted or rejected."""

    id: int
    left: int
    right: int
    score: float | None
    reasons: tuple[str, ...]
    waterfall: tuple[tuple[str, float, float], ...]
    method: str
    proposed_at: datetime
    decision: str
    decided_by: str
    note: str


def merge(
    catalogue: Catalogue,
    left: int,
    right: int,
    score: float | None,
    reasons: Sequence[str],
    by: By,
) -> Link:
    """Tie two records as one and return the tie: undo it by its number.

    Raises
    ------
    RecordError
        When they are of different types, or no reason is given.
    ConflictError
        When they are one already.
    NotAllowedError
        When the actor may not unite records.
    """
    need_keeper(by.actor, "unite records")
    told = tuple(r.strip() for r in reasons if r.strip())
    if not told:
        raise RecordError("say why the two are one: the reasons are kept with the merge.")
    if left == right:
        raise RecordError(f"record {left} is itself already.")
    with kept():
        one, two = need_row(left, by.actor), need_row(right, by.actor)
        catalogue.check_link(SAME_AS, one.type, two.type)
        members, _ = component(left, None)
        if right in members:
            raise ConflictError(f"records {left} and {right} are one already.")
        if len(members) + len(component(right, None)[0]) > MOST_MEMBERS:
            raise RecordError(f"an entity is made of at most {MOST_MEMBERS} records.")
        first, second = sorted((left, right))
        link = add_link(SAME_AS, first, second, Told(by.actor.name or "program"), by, score=score, reasons=told)
        audit.record(
            by.actor,
            Act.COMBINED,
            "united two records",
            record=record_name(link.start),
            details={"with": link.end, "link": link.id, "score": score},
            at=by.at,
        )
    return link


def undo(merge_link: int, reason: str, by: By) -> None:
    """Take back a merge: both records are again what they were, to the letter.

    Raises
    ------
    NotFoundError
        When there is no such merge that stands.
    RecordError
        When no reason is given.
    """
    need_keeper(by.actor, "part records")
    if not reason.strip():
        raise RecordError("say why the two are not one: the reason is kept.")
    with kept():
        row = LinkRow.objects.filter(pk=merge_link, type=SAME_AS).select_related("withdrawal").first()
        if row is None or as_link(row).withdrawn_at is not None:
            raise NotFoundError(f"there is no merge {merge_link} that stands.")
        need_row(row.start_id, by.actor)
        need_row(row.end_id, by.actor)
        take_back(row, reason.strip(), by)
        audit.record(
            by.actor,
            Act.COMBINED,
            "parted two records",
            record=record_name(row.start_id),
            details={"with": row.end_id, "link": merge_link},
            at=by.at,
        )


def merges_of(record: int, actor: Actor, purpose: Purpose) -> tuple[Link, ...]:
    """Return every merge that ever tied this record, those undone too."""
    need_reader(actor)
    need_row(record, actor)
    with kept():
        rows = LinkRow.objects.filter(type=SAME_AS).select_related("withdrawal")
        found = {r.pk: as_link(r) for side in ("start", "end") for r in rows.filter(**{side: record})}
        audit.record(actor, Act.CONSULTED, "read a record's merges", record=record_name(record), purpose=purpose.text)
    return tuple(found[pk] for pk in sorted(found))


def propose(proposals: Iterable[Proposed], method: str, by: By) -> int:
    """Keep proposals that are new, and return how many: a pair once decided is not proposed again.

    Raises
    ------
    RecordError
        When a pair is one record, or names one that does not exist.
    """
    pairs = {tuple(sorted((p.left, p.right))): p for p in proposals}
    known: set[int] = set()
    for part in chunks(sorted({pk for pair in pairs for pk in pair})):
        known |= set(Record.objects.filter(pk__in=part).values_list("pk", flat=True))
    for left, right in pairs:
        if left == right or left not in known or right not in known:
            raise RecordError(f"records {left} and {right} cannot be proposed as one: both must exist, and be two.")
    with kept():
        held: set[tuple[int, int]] = set()
        for part in chunks(sorted({left for left, _ in pairs})):
            held |= set(MergeProposal.objects.filter(left__in=part).values_list("left_id", "right_id"))
        fresh = [(pair, p) for pair, p in sorted(pairs.items()) if pair not in held]
        MergeProposal.objects.bulk_create(
            [
                MergeProposal(
                    left_id=pair[0],
                    right_id=pair[1],
                    score=p.score,
                    reasons=list(p.reasons),
                    waterfall=[list(step) for step in p.waterfall],
                    method=method,
                    proposed_at=by.at,
                )
                for pair, p in fresh
            ],
            batch_size=1000,
        )
        if fresh:
            audit.record(
                by.actor, Act.CONSULTED, f"proposed {len(fresh)} pairs as one", details={"method": method}, at=by.at
            )
    return len(fresh)


def queue(
    actor: Actor, purpose: Purpose, *, decision: str = "open", after: int = 0, size: int = 50
) -> tuple[Proposal, ...]:
    """Return proposals, the surest first, from the ``after``-th on; none of a record that the actor may not read."""
    need_keeper(actor, "decide on merges")
    rows = MergeProposal.objects.filter(decision=decision).order_by(F("score").desc(nulls_last=True), "id")
    rows = rows.select_related("left", "right").prefetch_related("left__clearances", "right__clearances")
    with kept():
        page = [
            r
            for r in rows[after : after + size]
            if may_read(actor, marking_of(r.left)) and may_read(actor, marking_of(r.right))
        ]
        audit.record(
            actor,
            Act.CONSULTED,
            "read the queue of merges",
            purpose=purpose.text,
            details={"proposals": [r.pk for r in page]},
        )
    return tuple(_proposal(r) for r in page)


def proposal(number: int, actor: Actor, purpose: Purpose) -> Proposal:
    """Return one proposal.

    Raises
    ------
    NotFoundError
        When there is none, or the actor may not read both records.
    """
    need_keeper(actor, "decide on merges")
    rows = MergeProposal.objects.select_related("left", "right") if number < 2**62 else MergeProposal.objects.none()
    with kept():
        row = rows.filter(pk=number).first()
        if row is None or not (may_read(actor, marking_of(row.left)) and may_read(actor, marking_of(row.right))):
            raise NotFoundError(f"there is no proposal {number}.")
        what = "read a proposed merge"
        audit.record(actor, Act.CONSULTED, what, purpose=purpose.text, details={"proposal": number})
    return _proposal(row)


def count(decision: str = MergeProposal.OPEN) -> int:
    """Return how many proposals are open, accepted or rejected."""
    return int(MergeProposal.objects.filter(decision=decision).count())


def decide(catalogue: Catalogue, proposal: int, by: By, *, accept: bool, note: str = "") -> Link | None:
    """Accept a proposal (and merge the two) or reject it; return the merge, None where there is none.

    Two that are one already through others are accepted without another tie.

    Raises
    ------
    ConflictError
        When there is no such open proposal.
    """
    need_keeper(by.actor, "decide on merges")
    with kept():
        row = MergeProposal.objects.filter(pk=proposal, decision=MergeProposal.OPEN).first()
        if row is None:
            raise ConflictError(f"there is no open proposal {proposal}: somebody may have decided on it just now.")
        need_row(row.left_id, by.actor)
        need_row(row.right_id, by.actor)
        row.decision = MergeProposal.ACCEPTED if accept else MergeProposal.REJECTED
        row.decided_at, row.decided_by, row.note = by.at, by.actor.name or "program", note.strip()
        row.save(update_fields=["decision", "decided_at", "decided_by", "note"])
        link = None
        if accept and row.right_id not in component(row.left_id, None)[0]:
            link = merge(catalogue, row.left_id, row.right_id, row.score, row.reasons, by)
        audit.record(
            by.actor,
            Act.ALTERED,
            f"{row.decision} a proposed merge",
            record=record_name(row.left_id),
            details={"with": row.right_id, "proposal": proposal},
            at=by.at,
        )
    return link


def _proposal(row: MergeProposal) -> Proposal:
    return Proposal(
        row.pk,
        row.left_id,
        row.right_id,
        row.score,
        tuple(row.reasons),
        tuple((str(words), float(bits), float(total)) for words, bits, total in row.waterfall),
        row.method,
        row.proposed_at,
        row.decision,
        row.decided_by,
        row.note,
    )
