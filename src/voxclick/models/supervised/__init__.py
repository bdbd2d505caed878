"""Networks trained on labels alone, behind the seam of promptable ones: the supervised columns.

After nnU-Net (Isensee et al., Nature Methods 2021) and Swin UNETR (arXiv 2201.01266), both as
MONAI has them; see docs/explanation/supervised.md.
"""
