"""The API's server, and what goes wrong on the wire."""
