"""The mask decoder on a CPU, exactly and sooner; `decoder.py` has the whole of it."""
