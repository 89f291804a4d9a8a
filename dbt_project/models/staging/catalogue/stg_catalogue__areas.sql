-- Grain: one area in one span of validity, as known at the as-of moment.
{{ latest_known('areas', ['code', 'valid_from']) }}
