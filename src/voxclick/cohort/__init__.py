"""Many cases over many workers: this process, processes beside it, or a Ray cluster."""
