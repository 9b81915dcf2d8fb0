"""English first, any other by a catalogue in the home: the pages' words can be taken out and put back."""

import re
import urllib.request
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from tests.site_home import served

REPOSITORY = Path(__file__).parents[3]
SAID = "It cannot know who, why, or what nobody reported."
WELSH = "Ni all wybod pwy, pam, na'r hyn na ddywedodd neb."


def words() -> set[str]:
    methods = [("**.j2", "jinja2")]
    options = {"**.j2": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}}
    found = extract_from_dir(REPOSITORY / "src/peelian/site/templates", methods, options)
    return {m if isinstance(m, str) else m[0] for _, _, m, _, _ in found}


def explainer(address: str, languages: str) -> str:
    request = urllib.request.Request(f"{address}/explainer/", headers={"Accept-Language": languages})  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def test_the_pages_words_can_be_taken_out_for_translators() -> None:
    found = words()
    assert SAID in found
    assert len(found) > 200


def test_a_catalogue_in_the_home_is_spoken_to_who_asks_for_it(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "locale" / "cy" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue, content = Catalog(locale="cy"), BytesIO()
    catalogue.add(SAID, WELSH)
    write_mo(content, catalogue)
    (folder / "django.mo").write_bytes(content.getvalue())
    with served(tmp_path / "home") as address:
        welsh = explainer(address, "cy")
        english = explainer(address, "xx, en;q=0.5")
    assert re.search(r'<html lang="cy">', welsh)
    assert WELSH in welsh
    assert SAID in english
    assert '<html lang="en-GB">' in english
