"""The benchmark book: every family on the same prompts, on one page."""
