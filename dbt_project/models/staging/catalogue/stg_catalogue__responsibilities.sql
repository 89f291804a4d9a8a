-- Grain: one department in one block of work, as known at the as-of moment.
{{ latest_known('responsibilities', ['block_code', 'department_code']) }}
