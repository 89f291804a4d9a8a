-- Grain: one dimension, as known at the as-of moment.
{{ latest_known('dimensions', ['code']) }}
