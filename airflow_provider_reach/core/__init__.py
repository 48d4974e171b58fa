"""What decides: no Airflow, no HTTP library, no clock, no sleep, no log."""
