"""Chaos: real processes are killed, the network lies, databases stop and disks fill up; then a plain oracle counts.

`make chaos`, or `python -m tests.chaos --seconds 60 --seed 7`. README.md here says what is done and what came of it.
"""
