"""A second implementation of the phone's side of SPEC, an oracle of plain dicts, and the world in which both are tried.

Nothing here uses `sync.merge`, `sync.reconcile` or `sync.windows`: what is the same on both sides proves nothing.
"""
