"""The CT-SAM3D family: a native 3D network whose prompts are maps aligned with the image.

Guo et al., Towards a Comprehensive, Efficient and Promptable Anatomic Structure Segmentation Model
using 3D Whole-body CT Scans, arXiv 2403.15063.
"""
