"""The service's API: its operations, how they are asked, what the answers mean."""
