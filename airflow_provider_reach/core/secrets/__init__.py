"""What is secret, and what of it may be shown."""
