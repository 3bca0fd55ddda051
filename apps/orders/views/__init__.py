"""Buying, the gateway's ways in, and what somebody bought."""
