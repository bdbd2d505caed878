"""The recipe of supervised baselines: patches of all structures, and no prompts.

After nnU-Net (Isensee et al., Nature Methods 2021); see docs/how-to/train.md.
"""
