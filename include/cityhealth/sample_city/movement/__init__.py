"""Movement in the sample city: taxis along its streets, phones at home and at work, a survey of trips.

A month of autumn 2020, received in May 2021 like the rest. Everything is labelled 合成数据; the same catalogue, areas
and seed give the same bytes. What should be measured is known from how it was made: :class:`Truth`.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.files import SampleFile
from cityhealth.sample_city.movement.faults import Planted
from cityhealth.sample_city.movement.network import network
from cityhealth.sample_city.movement.phones import Commuting, phone_files
from cityhealth.sample_city.movement.survey import Survey, survey_file
from cityhealth.sample_city.movement.taxis import taxi_files
from cityhealth.sample_city.movement.vehicles import drive
from cityhealth.sample_city.terrain.shown import Shown
from cityhealth.sample_city.terrain.streets import roads
from cityhealth.sample_city.terrain.town import lay_out

_YEAR = 2021
_TAXIS = 330

__all__ = ["Commuting", "Movement", "Planted", "Survey", "Truth", "generate_movement"]


@dataclass(frozen=True)
class Truth:
    """What was made. ``fixes`` of taxis without those that are at fault.

    ``peak_km`` and ``peak_hours``: by day of the month (zero where none is worked), straight from fix to fix of trips,
    before noise.
    """

    fixes: int
    peak_km: NDArray[np.float64]
    peak_hours: NDArray[np.float64]
    planted: Planted
    commuting: Commuting
    survey: Survey

    @property
    def peak_speed(self) -> float:
        """Kilometres per hour."""
        return float(self.peak_km.sum() / self.peak_hours.sum())


@dataclass(frozen=True)
class Movement:
    """``files`` in order of arrival."""

    files: list[SampleFile]
    truth: Truth


def generate_movement(catalogue: Catalogue, areas: gpd.GeoDataFrame, seed: int = 2021, taxis: int = _TAXIS) -> Movement:
    """A month of movement in the town that :func:`~cityhealth.sample_city.terrain.generate_terrain` draws.

    ``taxis``: how many, at least 16; 330 give more than two million fixes.

    Raises:
        KeyError: the areas lack a county of the city, or the catalogue an item that is drawn.
    """
    shown = Shown(catalogue, _YEAR, seed)
    town = lay_out(shown, areas, np.random.default_rng([seed, 1]))
    # The streets need no more of the generator than that it is the same again: they are drawn before anything else.
    streets = network(roads(town, shown, np.random.default_rng([seed, 2])), town.side)
    fixes, driven = drive(streets, taxis, np.random.default_rng([seed, 11]))
    positions, planted = taxi_files(town, fixes, np.random.default_rng([seed, 12]))
    phones, commuting = phone_files(town, shown, areas, np.random.default_rng([seed, 13]))
    trips, survey = survey_file(town, shown, np.random.default_rng([seed, 14]))
    files = sorted([*positions, *phones, trips], key=lambda file: (file.received_at, file.filename))
    return Movement(files, Truth(len(fixes.second), driven.km, driven.hours, planted, commuting, survey))
