"""What the application gives its handlers, by the names of their parameters: `db`, `settings`, `writer`, `person`."""

from litestar.di import NamedDependency

from server.settings import Settings
from server.store.engine import Database
from server.store.people import Person
from server.store.writer import ExchangeWriter

Db = NamedDependency[Database]
Chosen = NamedDependency[Settings]
Writer = NamedDependency[ExchangeWriter]
SignedIn = NamedDependency[Person]
