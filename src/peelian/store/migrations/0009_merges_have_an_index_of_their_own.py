from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0008_access"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="linkrow",
            index=models.Index(
                condition=models.Q(("type", "same-as")), fields=["start"], name="record_merge_from_start"
            ),
        ),
        migrations.AddIndex(
            model_name="linkrow",
            index=models.Index(condition=models.Q(("type", "same-as")), fields=["end"], name="record_merge_from_end"),
        ),
    ]
