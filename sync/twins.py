"""The same person in two reports: the keys by which two reports show it (SPEC T1).

The phone does the same in pwa/src/shared; tests/sync/twins.json holds both to the same answers. Compares only: what
two reports of one person mean, and what becomes of them, a person decides.
"""

import hashlib
import unicodedata
from typing import Final

from sync.protocol.console import Evidence
from sync.protocol.records import Document, DocumentKind, Identity, Report

_SHORTEST_NUMBER: Final = 5
_FULL_DATE: Final = len("2000-01-01")
# They stand within a word: O'Brien and OBrien are one name.
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'`\u2018\u2019\u02bc"))


def keys(report: Report) -> dict[Evidence, str]:
    """What identifies the person of a report who is there, each as one line of text. One who has left has none."""
    if report.stay.departure:
        return {}
    found = {Evidence.document: _document(report.document), Evidence.person: _person(report.identity)}
    return {kind: key for kind, key in found.items() if key}


def digest(key: str) -> bytes:
    """SHA-256 of a key, as it is stored."""
    return hashlib.sha256(key.encode()).digest()


def normal_words(text: str) -> str:
    """A name by which two spellings of it compare: no marks, capitals, words in the order of the alphabet."""
    bare = text.translate(_APOSTROPHES)
    letters = "".join(c if _is_of_word(c) else " " for c in _bare_capitals(bare))
    return " ".join(sorted(letters.split()))


def normal_number(text: str) -> str:
    """The letters and digits of a document's number."""
    return "".join(c for c in _bare_capitals(text) if c.isascii() and c.isalnum())


def _bare_capitals(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).upper())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def _is_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN" or unicodedata.category(character) == "Mc"


def _document(document: Document) -> str:
    number = normal_number(document.number)
    if document.kind is DocumentKind.none or len(number) < _SHORTEST_NUMBER:
        return ""
    return f"{number} {document.issuing_state}"


def _person(identity: Identity) -> str:
    name = normal_words(identity.full_name)
    known = name and len(identity.birth_date) == _FULL_DATE and identity.nationality
    return f"{name} {identity.birth_date} {identity.nationality}" if known else ""
