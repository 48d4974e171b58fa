"""A webhook's target: what its answers mean, and what to do about them."""
