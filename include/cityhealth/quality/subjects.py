"""The subject of each raw table that is judged."""

from __future__ import annotations

from collections.abc import Mapping

from cityhealth.quality.air import AIR
from cityhealth.quality.interview import INTERVIEW
from cityhealth.quality.items import DEPARTMENTAL, MEASURED, YEARBOOK
from cityhealth.quality.layers import LAYERS
from cityhealth.quality.meeting import MEETING
from cityhealth.quality.movement import MOVEMENT
from cityhealth.quality.progress import PROGRESS
from cityhealth.quality.rectification import RECTIFICATION
from cityhealth.quality.scenes import SCENES
from cityhealth.quality.self_check import SELF_CHECK
from cityhealth.quality.subject import Subject
from cityhealth.quality.survey import SURVEY
from cityhealth.quality.third_party import THIRD_PARTY

#: Raw table → what its lines are; ``expectations/<raw table>.yml`` is its suite.
SUBJECTS: Mapping[str, Subject] = {
    "departmental_row": DEPARTMENTAL,
    "yearbook_cell": YEARBOOK,
    "measured_value": MEASURED,
    "progress_line": PROGRESS,
    "meeting_line": MEETING,
    "rectification_line": RECTIFICATION,
    "interview_note": INTERVIEW,
    "self_check_line": SELF_CHECK,
    "layer_feature": LAYERS,
    "scene_tile": SCENES,
    "mobility_part": MOVEMENT,
    "air_reading": AIR,
    "survey_answer": SURVEY,
    "third_party_value": THIRD_PARTY,
}
