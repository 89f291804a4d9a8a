-- Grain: one target or reference of one indicator, as known at the as-of moment.
{{ latest_known('targets', ['system', 'year', 'code', 'kind']) }}
