"""What families share that see a volume slice by slice: which way up, and prompts as clicks."""
