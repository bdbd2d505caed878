"""Training of the built-in network: synthetic scenes, clicks, losses and the loop."""
