-- Grain: one value known to be wrong, as known at the as-of moment.
{{ latest_known('corrections', ['department_code', 'item_code', 'area_code', 'period']) }}
