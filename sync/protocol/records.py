"""What a report is made of: the groups that are merged one by one (SPEC M6). An empty string means not known."""

from enum import StrEnum
from typing import Final

from msgspec import UNSET, UnsetType

from sync.protocol.values import Day, Line, Lines, PartialDay, Sha256, StateCode, Wire


class Sex(StrEnum):
    unknown = ""
    female = "F"
    male = "M"
    unspecified = "X"


class DocumentKind(StrEnum):
    passport = "passport"
    unhcr_card = "unhcr_card"
    other = "other"
    none = "none"


class NoDocumentReason(StrEnum):
    """Why no document was seen; only with `DocumentKind.none`."""

    not_applicable = ""
    not_shown = "not_shown"
    lost = "lost"
    at_office = "at_office"
    with_sponsor = "with_sponsor"


class PermitKind(StrEnum):
    unknown = ""
    bvk = "BVK"
    voa = "VoA"
    itk = "ITK"
    itas = "ITAS"
    itap = "ITAP"
    none = "none"


class LodgingKind(StrEnum):
    unknown = ""
    house = "house"
    boarding_house = "boarding_house"
    apartment = "apartment"
    hotel = "hotel"
    company = "company"
    other = "other"


class Identity(Wire, frozen=True):
    full_name: Line = ""
    sex: Sex = Sex.unknown
    birth_date: PartialDay = ""
    birth_place: Line = ""
    nationality: StateCode = ""


class Document(Wire, frozen=True):
    kind: DocumentKind = DocumentKind.none
    number: Line = ""
    issuing_state: StateCode = ""
    expiry: Day = ""
    reason: NoDocumentReason = NoDocumentReason.not_applicable


class Permit(Wire, frozen=True):
    kind: PermitKind = PermitKind.unknown
    number: Line = ""
    expiry: Day = ""


class Stay(Wire, frozen=True):
    address: Line = ""
    lodging: LodgingKind = LodgingKind.unknown
    lodging_name: Line = ""
    owner: Line = ""
    owner_phone: Line = ""
    arrival: Day = ""
    departure: Day = ""
    purpose: Line = ""
    sponsor: Line = ""


class Groups(Wire, frozen=True, omit_defaults=True):
    """Some groups of a report: those that a mutation changes, or their base. What is unset is not spoken of."""

    identity: Identity | UnsetType = UNSET
    document: Document | UnsetType = UNSET
    permit: Permit | UnsetType = UNSET
    stay: Stay | UnsetType = UNSET
    note: Lines | UnsetType = UNSET
    photos: tuple[Sha256, ...] | UnsetType = UNSET


class Report(Wire, frozen=True):
    """All groups of a report, as the server holds it."""

    identity: Identity = Identity()
    document: Document = Document()
    permit: Permit = Permit()
    stay: Stay = Stay()
    note: Lines = ""
    photos: tuple[Sha256, ...] = ()


GROUPS: Final = ("identity", "document", "permit", "stay", "note", "photos")
