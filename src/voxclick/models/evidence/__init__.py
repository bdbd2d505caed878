"""What prompts and image say without learned weights: likelihoods, and geodesic distances.

It is the whole of the family `geodesic`, and a part of what the networks of `builtin` look at.
"""
