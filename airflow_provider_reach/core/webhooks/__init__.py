"""Webhooks: found, checked, compared, created, made to match."""
