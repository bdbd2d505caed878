"""EdgeTAM: SAM 2 with a convolutional image encoder and memories compressed to a few tokens.

After "EdgeTAM: On-Device Track Anything Model" (arXiv 2501.07256).
"""
