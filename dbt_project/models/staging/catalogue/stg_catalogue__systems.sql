-- Grain: one dimension or level of one system and year, with the number of its indicators.
{{ latest_known('systems', ['system', 'year', 'dimension_code']) }}
