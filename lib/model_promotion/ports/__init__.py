"""Every door to the outside. Adapters live in the rooms above; a memory member is in each family."""

from model_promotion.ports.alerts import Alerts, Channel
from model_promotion.ports.data import Data, Engine, Means, Statements
from model_promotion.ports.models import Abroad, Asking, Scorer, Scores
from model_promotion.ports.records import Journal, RecordReader, SpareJournal
from model_promotion.ports.registry import Access, RegistryReader, RegistryWriter
from model_promotion.ports.serving import Endpoints, Loader, Servers, Serving
from model_promotion.ports.surroundings import Check, Clock, Owner, Signatures, Voice

__all__ = [
    "Abroad",
    "Access",
    "Alerts",
    "Asking",
    "Channel",
    "Check",
    "Clock",
    "Data",
    "Endpoints",
    "Engine",
    "Journal",
    "Loader",
    "Means",
    "Owner",
    "RecordReader",
    "RegistryReader",
    "RegistryWriter",
    "Scorer",
    "Scores",
    "Servers",
    "Serving",
    "Signatures",
    "SpareJournal",
    "Statements",
    "Voice",
]
