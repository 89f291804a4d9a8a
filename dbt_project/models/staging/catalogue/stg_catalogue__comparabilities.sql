-- Grain: one statement on whether series of two systems, or of two indicators of them, may be joined.
{{ latest_known('comparability', [
    'from_system', 'from_year', 'from_code', 'to_system', 'to_year', 'to_code', 'to_name_zh', 'kind'
]) }}
