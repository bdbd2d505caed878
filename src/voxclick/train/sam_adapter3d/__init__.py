"""The recipe of 3DSAM-adapter: tumours from clicks, on top of SAM's image encoder.

Gong et al., arXiv 2306.13465. Schedule, transforms, clicks and statistics are those of the
published training; what is another thing here is said where it is.
"""
