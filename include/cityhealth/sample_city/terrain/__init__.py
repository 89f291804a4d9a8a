"""The ground of the sample city: layers and scenes from which its items are measured beside what is reported.

Streets in a lattice, blocks, parks and stations are drawn so that they show what the departments report
(:mod:`~cityhealth.sample_city.figures`), or well beside it where :data:`~cityhealth.sample_city.terrain.shown.PARTED`
says so. Everything is labelled 合成数据; the same catalogue, areas and seed give the same bytes. Nothing here is a map
of Jincheng but the boundaries of its counties.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.files import SampleFile
from cityhealth.sample_city.terrain.cover import scene_files
from cityhealth.sample_city.terrain.layers import layer_files
from cityhealth.sample_city.terrain.shown import Shown
from cityhealth.sample_city.terrain.town import lay_out

_YEAR = 2021

__all__ = ["generate_terrain"]


def generate_terrain(catalogue: Catalogue, areas: gpd.GeoDataFrame, seed: int = 2021) -> list[SampleFile]:
    """Layers and scenes of the sample city, in order of arrival.

    ``areas``: the reference boundaries (:func:`cityhealth.spatial.reference.read_areas`).

    Raises:
        KeyError: the areas lack the municipal district or its neighbour, or the catalogue an item that is drawn.
    """
    shown = Shown(catalogue, _YEAR, seed)
    year = catalogue.examination(_YEAR).period_start.year
    town = lay_out(shown, areas, np.random.default_rng([seed, 1]))
    files = [
        *layer_files(town, shown, areas, year, np.random.default_rng([seed, 2])),
        *scene_files(town, shown, areas, year, np.random.default_rng([seed, 3])),
    ]
    return sorted(files, key=lambda file: (file.received_at, file.filename))
