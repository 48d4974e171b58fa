"""The command line: ``airflow reach`` and ``python -m airflow_provider_reach``."""
