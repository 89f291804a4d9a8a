-- Grain: one examination: a system and its year, as known at the as-of moment.
{{ latest_known('examination', ['system', 'year']) }}
