-- Grain: one indicator of one system and year, as known at the as-of moment.
{{ latest_known('indicators', ['system', 'year', 'code']) }}
