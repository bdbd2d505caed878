"""Classical segmentation without weights: geodesic competition of what the clicks look like."""
