"""What Ronda exists for, as pure functions: no clock, no randomness, no input or output. See SPEC.md."""
