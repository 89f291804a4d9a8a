-- Grain: one reporting period × one department × one period of the campaign up to it; the latest edition.
{{ latest_edition('report_timeliness_editions') }}
