"""Secrets: finding them, and masking them in everything that is shown."""
