"""Does everything that is stored still fit together, and fit what was signed? (`flask audit verify`)"""

from services.verification.findings import Finding, Report
from services.verification.verifying import verify_all, verify_election

__all__ = ["Finding", "Report", "verify_all", "verify_election"]
