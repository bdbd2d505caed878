"""nnInteractive's remote protocol, so that its clients (napari, 3D Slicer) work with any model."""
