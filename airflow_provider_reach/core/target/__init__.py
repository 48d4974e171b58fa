"""A webhook's target: what it answers, and what to do about it."""
