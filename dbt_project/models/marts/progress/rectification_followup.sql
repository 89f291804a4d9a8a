-- Grain: one reporting period × one measure; the latest edition.
{{ latest_edition('rectification_followup_editions') }}
