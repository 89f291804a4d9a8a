-- Grain: one facility, a point, of the layer in force of its kind.
{{ mapped_features(['point', 'any'], 'st_pointonsurface(geom)') }}
