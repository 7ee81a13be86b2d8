"""Networks of himapp: plain torch, no file formats of photos, no Qt."""

from models.e2e_him.output import InstancePrediction
from models.e2e_him.weights import WeightsFormatError
from models.registry import create_network, load_network

__all__ = ["InstancePrediction", "WeightsFormatError", "create_network", "load_network"]
