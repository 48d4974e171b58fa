"""The package's version, said once; a module of its own, so that nothing needs to import what the package exports."""

__version__ = "0.1.0"
