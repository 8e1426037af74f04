"""The tables, without behaviour; only `store` and `migrations` read them.

Instants are milliseconds (BIGINT), ids are UUIDs.

The schema is made by the migrations alone; a test holds them to these classes.
"""

from server.tables import areas, batches, passports, people, persons, photos, reports

__all__ = ["areas", "batches", "passports", "people", "persons", "photos", "reports"]
