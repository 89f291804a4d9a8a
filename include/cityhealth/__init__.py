"""cityhealth: the data warehouse behind the city health examination (城市体检)."""
