"""The recipe of the built-in network: made-up scenes, real patches, prompts of all kinds."""
