-- Grain: one reporting period × one indicator of one system and year, as of the cut-off; the latest edition.
{{ latest_edition('indicator_scorecard_asof_editions') }}
