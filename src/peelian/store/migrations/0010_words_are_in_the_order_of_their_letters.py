from typing import Any

from django.db import migrations

from peelian.store.records import index_tables


def _put_in_order(_apps: Any, schema_editor: Any) -> None:
    index_tables.put_words_in_order(schema_editor)


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0009_merges_have_an_index_of_their_own"),
    ]

    operations = [
        migrations.RunPython(_put_in_order, migrations.RunPython.noop),
    ]
