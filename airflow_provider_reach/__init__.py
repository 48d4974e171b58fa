"""Declare, check and watch the webhooks of Bird's Reach Email API from Airflow."""

__version__ = "0.1.0"
