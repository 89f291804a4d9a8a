-- Grain: one feature of a kind of polygons, of the layer in force of its kind.
{{ mapped_features(['polygon'], 'st_multi(st_collectionextract(geom, 3))') }}
