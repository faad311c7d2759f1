"""Alerts in memory: the double for tests."""

from model_promotion.core.alert import Alert


class MemoryChannel:
    """Keeps what it is sent, but for the first few that it is told to refuse."""

    def __init__(self, refuses: int = 0) -> None:
        self.alerts: list[Alert] = []
        self.refuses = refuses
        self.asked = 0

    def send(self, alert: Alert) -> str:
        """Keep it, or say why not."""
        self.asked += 1
        if self.asked <= self.refuses:
            return "nobody answers"
        self.alerts.append(alert)
        return ""
