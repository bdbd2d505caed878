"""The session's verbs over HTTP, for programs on machines without PyTorch."""
