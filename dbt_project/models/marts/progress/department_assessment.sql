-- Grain: one reporting period × one department that answers for a task; the latest edition.
{{ latest_edition('department_assessment_editions') }}
