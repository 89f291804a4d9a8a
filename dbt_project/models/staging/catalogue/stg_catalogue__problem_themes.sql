-- Grain: one theme of problems, as known at the as-of moment.
{{ latest_known('problem_themes', ['code']) }}
