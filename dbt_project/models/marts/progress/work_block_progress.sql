-- Grain: one reporting period × one task; the latest edition.
{{ latest_edition('work_block_progress_editions') }}
