"""SAM's image encoder made 3D with light adapters: tumours from one click."""
