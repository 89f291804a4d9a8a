-- Grain: one reporting period × one difficulty that was open in it; the latest edition.
{{ latest_edition('difficulty_list_editions') }}
