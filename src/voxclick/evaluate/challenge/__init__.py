"""The CVPR 2025 challenge on interactive 3D segmentation: its requests, answers and scores."""
