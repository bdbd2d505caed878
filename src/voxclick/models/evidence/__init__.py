"""What prompts and image say without learned weights: likelihoods, and geodesic distances.

It is a part of the family `geodesic`, and of what the networks of `builtin` look at.
"""
