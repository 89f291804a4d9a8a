-- Grain: one reporting period × one department and one task that it answers for; the latest edition.
{{ latest_edition('semimonthly_summary_editions') }}
