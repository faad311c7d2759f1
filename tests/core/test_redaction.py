"""No address of somebody who is told leaves this program, in whatever sentence it stands."""

import pytest

from model_promotion.core.redaction import redacted

SECRET = "T0ken"


@pytest.mark.parametrize(
    "address",
    [
        f"slack://{SECRET}/B/C/#ops",
        f"pagerduty://{SECRET}@{SECRET}",
        f"mailtos://ada:{SECRET}@example.com?to=ops@example.com",
        f"msteams://x/{SECRET}/y/",
        f"tgram://123:{SECRET}/42",
        f"json://h/{SECRET}?key={SECRET}",
        f"jsons://ada:{SECRET}@h",
        f"https://hooks.slack.com/services/T/{SECRET}",
        f"https://discord.com/api/webhooks/1/{SECRET}",
        f"https://shop.webhook.office.com/webhookb2/{SECRET}",
    ],
)
def test_an_address_of_an_alert_is_masked_as_a_whole(address: str) -> None:
    said = redacted(f"unrecognized arguments: --alerts {address} and so on")
    assert SECRET not in said
    assert said.startswith("unrecognized arguments: --alerts ")
    assert said.endswith("*** and so on")


@pytest.mark.parametrize(
    "text", ["https://mlflow.example.com/x", "sqlite:////srv/forms/mlflow.db", "s3://json/x", "json"]
)
def test_other_addresses_stay_what_they_are(text: str) -> None:
    assert redacted(text) == text
