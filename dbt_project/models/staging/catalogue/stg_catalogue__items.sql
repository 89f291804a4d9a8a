-- Grain: one item, as known at the as-of moment.
{{ latest_known('items', ['code']) }}
