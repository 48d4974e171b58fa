"""Looking again and again, until there is a verdict."""
