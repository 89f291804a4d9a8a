"""Satisfaction surveys: codebooks, masking, estimates with intervals, suppression, and their derivation."""
