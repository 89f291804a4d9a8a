-- Grain: one block of work (task), as known at the as-of moment.
{{ latest_known('work_blocks', ['code']) }}
