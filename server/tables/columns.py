"""Column types that the tables share. SQLModel wants a new Column for each field, so these are functions."""

from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field


def instant(**options: Any) -> Any:
    """Milliseconds since 1970 UTC."""
    return Field(sa_type=BigInteger, **options)


def counter(**options: Any) -> Any:
    """A number that may outgrow 32 bits."""
    return Field(sa_type=BigInteger, **options)
