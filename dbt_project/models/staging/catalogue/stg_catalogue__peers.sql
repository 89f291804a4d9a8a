-- Grain: one area that the city is compared with, as known at the as-of moment.
{{ latest_known('peers', ['area_code']) }}
