"""HTTP: decode, call, encode. No rule is decided here. ARCHITECTURE.md lists the paths."""
