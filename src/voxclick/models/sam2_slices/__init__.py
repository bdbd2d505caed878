"""SAM 2 on slices as video frames: prompt some slices, and the others follow.

After "Interactive 3D Medical Image Segmentation with SAM 2" (arXiv 2408.02635) and SAM 2 itself
(arXiv 2408.00714); see docs/explanation/sam2-slices.md.
"""
