"""What the tests of incoming texts say, and who nobody knows."""

from __future__ import annotations

from tests.dispatch.world import mobile

FEU = "Fumée au 12 rue des Lilas"
STRANGER = mobile(9000)
