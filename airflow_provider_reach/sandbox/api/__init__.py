"""The webhooks API that the sandbox serves."""
