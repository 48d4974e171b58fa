"""One look at all webhooks of a workspace."""
