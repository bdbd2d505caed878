"""The built-in family: small learned weights over classical evidence, for a CPU and offline."""
