-- Grain: one unit, as known at the as-of moment.
{{ latest_known('units', ['unit']) }}
