"""What a job needs around it, started before it and stopped after it."""

from model_promotion.services.alerts import AlertsService
from model_promotion.services.logger import LoggerService
from model_promotion.services.mlflow import MlflowService
from model_promotion.services.service import Service

__all__ = ["AlertsService", "LoggerService", "MlflowService", "Service"]
