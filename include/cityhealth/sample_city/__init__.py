"""A synthetic city: the files that some twenty departments send in three days of May 2021, errors included.

Everything is labelled 合成数据, inside each file where it can show anything. The same catalogue and seed give the
same bytes. Its layers and scenes are in :mod:`cityhealth.sample_city.terrain`, which takes GDAL to make.
"""

from __future__ import annotations

from cityhealth.catalogue import Catalogue
from cityhealth.sample_city.files import LABEL, LABEL_LINE, Expected, Oddity, SampleFile, land_all
from cityhealth.sample_city.scenes import SCENES, prepare

__all__ = ["LABEL", "LABEL_LINE", "Expected", "Oddity", "SampleFile", "generate", "land_all"]


def generate(catalogue: Catalogue, seed: int = 2021, year: int = 2021) -> list[SampleFile]:
    """All files of the sample city, in the order they arrive.

    Raises NothingFits (LookupError) where the catalogue is too small for an oddity.
    """
    city = prepare(catalogue, year, seed)
    files = [file for scene in SCENES for file in scene(city)]
    return sorted(files, key=lambda file: (file.received_at, file.filename))
