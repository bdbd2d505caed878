"""Classical segmentation without weights: geodesic regions and competition around prompts."""
