-- Grain: one feature of a kind of lines, of the layer in force of its kind.
{{ mapped_features(['line'], 'st_multi(st_collectionextract(geom, 2))') }}
