"""What is identical in more than one family."""
