"""The service's API: its operations, how to ask for them, and what the answers mean."""
