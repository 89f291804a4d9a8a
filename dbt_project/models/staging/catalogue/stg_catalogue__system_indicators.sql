-- Grain: one indicator of one system and year, those of systems that nobody examines included.
{{ latest_known('indicators', ['system', 'year', 'code']) }}
