"""How labelled data sets lie on disk: one file a layout, one row a layout in `kinds`."""
