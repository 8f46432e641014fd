"""§8, p. 11: negative sampling."""

from __future__ import annotations

from typing import Any

import numpy as np


def log_sigmoid(u: Any) -> Any:
    """log σ(u), of any shape; finite for scores as large as they like, as log(sigmoid(u)) is not."""
    sign = np.where(np.real(u) < 0, -1.0, 1.0)  # u is complex in the referee's complex step
    return np.where(sign > 0, 0.0, u) - np.log1p(np.exp(-sign * u))
