"""Networks of himapp: plain torch, no file formats of photos, no Qt."""

from models.e2e_him.output import InstancePrediction
from models.e2e_him.weights import WeightsFormatError
from models.refiner.network import AlphaRefiner
from models.refiner.weights import load_refiner
from models.registry import create_network, load_network

__all__ = [
    "AlphaRefiner",
    "InstancePrediction",
    "WeightsFormatError",
    "create_network",
    "load_network",
    "load_refiner",
]
