"""How fast Ronda is, and what it costs: `make bench`. README.md here tells how to read it.

Nothing here is a test: a busy machine makes no test fail. What is compared is measured in one run, in turns.
"""
