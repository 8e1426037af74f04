"""A made-up city to walk through: its areas and people, a mail catcher, and a guide. No real person is in it."""
