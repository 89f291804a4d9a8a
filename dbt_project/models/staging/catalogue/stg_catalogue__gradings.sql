-- Grain: one grade, warning rule or tolerance, as known at the as-of moment.
{{ latest_known('grading', ['kind', 'code']) }}
