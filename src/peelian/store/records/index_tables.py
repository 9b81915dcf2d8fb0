"""The tables of the search index, in each database's own words. They hold nothing that the records do not.

Names and addresses are found by their words: ``search_term`` is the vocabulary, ``search_posting`` says which records
use a word, ``search_slip`` leads from a misspelt word to the words it may mean (``records.normal.slip_keys``). Phones,
plates, e-mails, postcodes and references are terms too, found whole or, by trigrams, by a piece. Texts and attachments
are found by full text: FTS5 on SQLite, tsvector on PostgreSQL, both over the same folded words with English stems.
"""

from typing import Any

from peelian.errors import StoreError

_ENTRY = """
CREATE TABLE search_entry (
  record_id bigint PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
  type varchar(63) NOT NULL, area varchar(200) NOT NULL, sensitivity varchar(10) NOT NULL,
  title text NOT NULL, lines text NOT NULL, crime_type text NOT NULL,
  happened_from {instant}, happened_to {instant},
  crs varchar(40) NOT NULL, x {real}, y {real}, square bigint, changed_at {instant} NOT NULL
)"""
_TERM = """
CREATE TABLE search_term (
  id {serial}, kind varchar(10) NOT NULL, text varchar(500) NOT NULL, UNIQUE (text, kind)
)"""
_POSTING = """
CREATE TABLE search_posting (
  term_id bigint NOT NULL REFERENCES search_term (id) ON DELETE CASCADE,
  record_id bigint NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  PRIMARY KEY (term_id, record_id)
){without_rowid}"""
_SLIP = """
CREATE TABLE search_slip (
  key varchar(8) NOT NULL, term_id bigint NOT NULL REFERENCES search_term (id) ON DELETE CASCADE,
  PRIMARY KEY (key, term_id)
){without_rowid}"""
_DOCUMENT = """
CREATE TABLE search_document (
  id {serial}, record_id bigint NOT NULL REFERENCES record (id) ON DELETE CASCADE,
  attachment_id bigint REFERENCES attachment (id) ON DELETE CASCADE,
  property varchar(200) NOT NULL, text text NOT NULL, words text NOT NULL{vector}
)"""
_INDEXES = (
    "CREATE INDEX search_posting_by_record ON search_posting (record_id)",
    "CREATE INDEX search_slip_by_term ON search_slip (term_id)",
    "CREATE INDEX search_document_by_record ON search_document (record_id)",
    "CREATE INDEX search_document_by_attachment ON search_document (attachment_id)",
    "CREATE INDEX search_entry_by_square ON search_entry (square, type)",
    "CREATE INDEX search_entry_by_time ON search_entry (type, happened_from)",
    "CREATE INDEX search_entry_by_crime_type ON search_entry (crime_type, happened_from)",
    "CREATE INDEX search_entry_by_change ON search_entry (changed_at)",
    "CREATE INDEX search_entry_kept_close ON search_entry (record_id) WHERE sensitivity <> 'open'",
)
_SQLITE = (
    """CREATE VIRTUAL TABLE search_words USING fts5(
      words, content='search_document', content_rowid='id', tokenize='porter ascii')""",
    """CREATE TRIGGER search_words_new AFTER INSERT ON search_document BEGIN
      INSERT INTO search_words (rowid, words) VALUES (new.id, new.words); END""",
    """CREATE TRIGGER search_words_old AFTER DELETE ON search_document BEGIN
      INSERT INTO search_words (search_words, rowid, words) VALUES ('delete', old.id, old.words); END""",
    """CREATE VIRTUAL TABLE search_parts USING fts5(
      text, content='search_term', content_rowid='id', tokenize='trigram')""",
    """CREATE TRIGGER search_parts_new AFTER INSERT ON search_term WHEN new.kind <> 'word' BEGIN
      INSERT INTO search_parts (rowid, text) VALUES (new.id, new.text); END""",
    """CREATE TRIGGER search_parts_old AFTER DELETE ON search_term WHEN old.kind <> 'word' BEGIN
      INSERT INTO search_parts (search_parts, rowid, text) VALUES ('delete', old.id, old.text); END""",
)
_POSTGRESQL = (
    "CREATE INDEX search_words ON search_document USING gin (vector)",
    "CREATE INDEX search_parts ON search_term USING gin (text gin_trgm_ops) WHERE kind <> 'word'",
)
#: English stems and no stop words: 'the' is found where it stands, as FTS5 finds it.
_CONFIGURATION = (
    "CREATE TEXT SEARCH DICTIONARY peelian_stem (TEMPLATE = snowball, Language = english)",
    "CREATE TEXT SEARCH CONFIGURATION peelian (COPY = pg_catalog.simple)",
    "ALTER TEXT SEARCH CONFIGURATION peelian ALTER MAPPING FOR asciiword, numword WITH peelian_stem",
)
_FINAL = ("record_statement", "record_link", "record_link_withdrawal", "record_disposal")
_PG_FUNCTION = (
    "CREATE FUNCTION record_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
)


def make(schema_editor: Any) -> None:  # noqa: ANN401 - Django's editor of schemas
    """Make the index's tables, and the triggers that refuse to change a statement or a link.

    Raises
    ------
    StoreError
        When PostgreSQL lacks the extension pg_trgm, which comes with its contrib modules.
    """
    if schema_editor.connection.vendor == "postgresql":
        _need_trigrams(schema_editor)
        words = {
            "serial": "bigserial PRIMARY KEY",
            "instant": "timestamptz",
            "real": "double precision",
            "without_rowid": "",
            "vector": ",\n  vector tsvector GENERATED ALWAYS AS (to_tsvector('peelian', words)) STORED",
        }
        before: tuple[str, ...] = _CONFIGURATION
        after: tuple[str, ...] = (*_POSTGRESQL, _PG_FUNCTION, *(_pg_final(table) for table in _FINAL))
    else:
        words = {
            "serial": "integer PRIMARY KEY AUTOINCREMENT",
            "instant": "text",
            "real": "real",
            "without_rowid": " WITHOUT ROWID",
            "vector": "",
        }
        before = ()
        after = (*_SQLITE, *(_sqlite_final(table) for table in _FINAL))
    tables = [t.format(**words) for t in (_ENTRY, _TERM, _POSTING, _SLIP, _DOCUMENT)]
    for statement in (*before, *tables, *_INDEXES, *after):
        schema_editor.execute(statement, params=None)


def put_words_in_order(schema_editor: Any) -> None:  # noqa: ANN401 - as above
    """Put the vocabulary in the order of its letters, whatever language PostgreSQL was set up for.

    A word's beginning is found as a span of that order; in English ``{`` comes before the letters, not after them.
    """
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute('ALTER TABLE search_term ALTER COLUMN text TYPE varchar(500) COLLATE "C"', params=None)


def _need_trigrams(schema_editor: Any) -> None:  # noqa: ANN401 - as above
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if not cursor.fetchone()[0]:
            raise StoreError(
                "PostgreSQL has no extension pg_trgm, by which a piece of a plate or phone is found; "
                "install its contrib modules (Debian: postgresql, or postgresql-contrib) and start again."
            )
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def _sqlite_final(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_is_final BEFORE UPDATE ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _pg_final(table: str) -> str:
    return f"CREATE TRIGGER {table}_is_final BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION record_is_final()"
