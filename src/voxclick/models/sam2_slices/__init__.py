"""SAM 2 on slices as video frames: prompt some slices, and the others follow.

After "Interactive 3D Medical Image Segmentation with SAM 2" (arXiv 2408.02635), SAM 2 itself
(arXiv 2408.00714) and EdgeTAM (arXiv 2501.07256); see docs/explanation/sam2-slices.md.
"""
