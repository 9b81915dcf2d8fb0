import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0007_records"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="one_time_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="account",
            name="subject",
            field=models.CharField(blank=True, max_length=600, null=True, unique=True),
        ),
        migrations.CreateModel(
            name="RateLimit",
            fields=[
                ("key", models.CharField(max_length=300, primary_key=True, serialize=False)),
                ("ends_at", models.BigIntegerField(db_index=True)),
                ("taken", models.BigIntegerField()),
            ],
            options={
                "db_table": "rate_limit",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("taken__gte", 1)), name="rate_limit_counts_from_one")
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                (
                    "session_key",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="session key"),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                ("opened_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(db_index=True)),
                ("address", models.CharField(default="", max_length=45)),
                ("browser", models.CharField(default="", max_length=200)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "verbose_name_plural": "sessions",
                "db_table": "session",
                "ordering": ("-seen_at",),
                "abstract": False,
            },
        ),
    ]
