"""What goes out: packages for the ministry's platform, the public and the third party, and their verification.

What may go out to whom stands in the catalogue (``publication.csv``), never here.
"""

from cityhealth.exports.packages import Package, export
from cityhealth.exports.selection import ExportError
from cityhealth.exports.verification import Verification, verify

__all__ = ["ExportError", "Package", "Verification", "export", "verify"]
