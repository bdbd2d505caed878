"""The run-time checks of shapes and types that tests run under."""

from beartype import BeartypeConf, beartype

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))
"""As static checkers have it, an int is good where a float is wanted."""
