"""Rasters: any scene opened and profiled, masks, mosaics, and what a unit's cells add up to."""

from cityhealth.spatial.rasters.classes import read_class_table
from cityhealth.spatial.rasters.grid import Grid
from cityhealth.spatial.rasters.masks import LANDSAT_QA_PIXEL, SCL, BitMask, ClassMask, MaskRule
from cityhealth.spatial.rasters.mosaic import Mosaic, Tile, duplicates, mosaic, pixel_hash
from cityhealth.spatial.rasters.partial import Amount, Condition, Partial, combine
from cityhealth.spatial.rasters.profile import Profile, profile
from cityhealth.spatial.rasters.scene import Band, Cells, Scene, open_scene
from cityhealth.spatial.rasters.stated import mask_rule, open_stated
from cityhealth.spatial.rasters.zonal import BandValue, Quantity, Question, Test, zonal

__all__ = [
    "LANDSAT_QA_PIXEL",
    "SCL",
    "Amount",
    "Band",
    "BandValue",
    "BitMask",
    "Cells",
    "ClassMask",
    "Condition",
    "Grid",
    "MaskRule",
    "Mosaic",
    "Partial",
    "Profile",
    "Quantity",
    "Question",
    "Scene",
    "Test",
    "Tile",
    "combine",
    "duplicates",
    "mask_rule",
    "mosaic",
    "open_scene",
    "open_stated",
    "pixel_hash",
    "profile",
    "read_class_table",
    "zonal",
]
