"""What Airflow needs beside the provider's public classes."""
