-- Grain: one source kind of one item (or of all: *), as known at the as-of moment.
{{ latest_known('source_priority', ['item_code', 'source_kind']) }}
