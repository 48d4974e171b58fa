"""The service behind the API: webhooks, batches, deliveries, simulated time."""
