"""The exit codes of the command line; ``docs/command-line.md`` lists them."""

from __future__ import annotations

HEALTHY = 0
FAILED = 1
NOT_ASKED = 2
NOT_DECIDED = 3
INTERRUPTED = 130

BY_OUTCOME = {"failed": FAILED, "unknown": NOT_ASKED, "wait": NOT_DECIDED, "healthy": HEALTHY}
"""The worst first."""
