"""The recipes of CT-SAM3D: rounds of click feedback, and the cross-patch network after it.

Guo et al., arXiv 2403.15063. The authors released neither trainer nor click simulation; the numbers
of the published configuration are kept, and what it leaves open is ours and said so where it is.
"""
