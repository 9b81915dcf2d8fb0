"""Makes the whole search index anew from the records: batch by batch, while the store is in use."""

from datetime import datetime

from django.db import transaction

from peelian.records.catalogue import Catalogue
from peelian.store.records import index
from peelian.store.records.bulk import chunks
from peelian.store.records.tables import Record

_BATCH = 500


def rebuild(catalogue: Catalogue, at: datetime) -> int:
    """Index every record anew, and forget words that no record uses; return how many records there are.

    Records get their own points first, then, in a second walk, those they have by a link.
    """
    count = 0
    terms = index.Terms()
    ids = Record.objects.order_by("id").values_list("pk", flat=True)
    for part in chunks(ids.iterator(chunk_size=_BATCH), _BATCH):
        with transaction.atomic():
            index.reindex(catalogue, part, at, terms)
        count += len(part)
    for part in chunks(ids.iterator(chunk_size=_BATCH), _BATCH):
        with transaction.atomic():
            index.place(catalogue, part)
    with transaction.atomic():
        index.forget_unused_terms()
    index.settle()
    return count
