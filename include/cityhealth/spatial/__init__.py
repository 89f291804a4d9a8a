"""Where things are: datums, reference systems, layers and rasters as handed in, measured in metres."""
