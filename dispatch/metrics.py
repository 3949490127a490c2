"""What this process counts for Prometheus; what the rows know is read at /metrics."""

from __future__ import annotations

from datetime import datetime

from prometheus_client import Counter, Histogram

from dispatch.outbox import Claimed
from gateway.contract import Accepted, SendError

HANDOVER = Histogram(
    "tocsin_handover_seconds",
    "From a claim to the provider's answer.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSED = Counter("tocsin_webhooks_refused_total", "Webhook calls refused.", ["gateway", "why"])
SPOOLED = Counter("tocsin_spooled_texts_total", "Texts kept on disk for want of a database.")

TASKS_FAILED = Counter(
    "tocsin_sweep_failed_total", "Tasks of the sweep that failed and will be tried again.", ["task"]
)


def handed_over(claimed: Claimed, outcome: Accepted | SendError, now: datetime) -> None:
    """Note how long a provider took to accept."""
    if isinstance(outcome, Accepted):
        HANDOVER.observe((now - claimed.started_at).total_seconds())
