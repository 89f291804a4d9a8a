-- Grain: one department, as known at the as-of moment.
{{ latest_known('departments', ['code']) }}
