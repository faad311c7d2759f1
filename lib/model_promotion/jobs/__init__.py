"""Promotions as jobs of a Python pipeline, chosen by their KIND."""

from model_promotion.jobs.config import load
from model_promotion.jobs.job import Job, Locals
from model_promotion.jobs.promotion import PromotionJob
from model_promotion.jobs.rollback import RollbackJob

__all__ = ["Job", "Locals", "PromotionJob", "RollbackJob", "load"]
