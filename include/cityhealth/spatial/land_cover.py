"""Land-cover scenes: the band of codes, and what a manifest may call the classes that these stand for."""

from __future__ import annotations

#: The band that holds the codes.
CLASS_BAND = "class"

#: ``other`` is what none of the others means.
CLASSES = (
    "built_up", "green_space", "forest", "shrub", "grassland", "cropland", "water", "wetland", "bare", "snow", "other",
)  # fmt: skip
