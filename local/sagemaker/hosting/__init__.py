"""Models behind endpoints, served by real processes."""
