"""All faults."""

from __future__ import annotations

from evidence.faults import before_http, in_content, in_http, in_status, without_end

FAULTS = [*before_http.FAULTS, *in_http.FAULTS, *in_status.FAULTS, *in_content.FAULTS, *without_end.FAULTS]
