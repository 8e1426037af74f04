"""Batches: the versions of a window become a header, digests and entries, and renderings of them (SPEC B1-B9)."""
