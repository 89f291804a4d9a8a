"""What a part of movement data is once it has been entered: rows of positions, or of trips.

Seconds are counted from 1970-01-01 00:00 of local time (Asia/Shanghai, which has known no summer time since 1991) and
carry no zone: ``second // 86400`` is the day, ``second // 3600 % 24`` the hour, ``(day + 3) % 7`` the weekday with
Monday as 0. Coordinates are degrees of CGCS2000.
"""

from __future__ import annotations

import pyarrow as pa

#: One fix of a device. ``device``: a salted hash; ``second``: local; ``lon``, ``lat``: degrees; ``speed_kmh``: as the
#: device told it, kilometres per hour, null where it did not.
POSITIONS = pa.schema(
    [
        pa.field("device", pa.int64(), nullable=False),
        pa.field("second", pa.int64(), nullable=False),
        pa.field("lon", pa.float64(), nullable=False),
        pa.field("lat", pa.float64(), nullable=False),
        pa.field("speed_kmh", pa.float64()),
    ]
)

#: One trip, or one pair of cells. ``device``: a salted hash, null where trips carry no id; the ends in degrees;
#: ``depart``, ``arrive``: local seconds, null where nobody says; ``mode``: one of :data:`MODES` or null;
#: ``travellers``: 1 for a trip, the count for a pair of cells.
TRIPS = pa.schema(
    [
        pa.field("device", pa.int64()),
        pa.field("origin_lon", pa.float64(), nullable=False),
        pa.field("origin_lat", pa.float64(), nullable=False),
        pa.field("destination_lon", pa.float64(), nullable=False),
        pa.field("destination_lat", pa.float64(), nullable=False),
        pa.field("depart", pa.int64()),
        pa.field("arrive", pa.int64()),
        pa.field("mode", pa.string()),
        pa.field("travellers", pa.float64(), nullable=False),
    ]
)

MODES = ("walk", "bicycle", "bus", "rail", "car", "taxi", "other")

SCHEMAS = {"vehicle_positions": POSITIONS, "phone_positions": POSITIONS, "trips": TRIPS, "trip_matrix": TRIPS}
