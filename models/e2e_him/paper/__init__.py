"""`e2e_him_swin_t`: the network of the paper, its quirks mended behind switches.

Data flow (specification section 1): images -> `GeneralPerception` (stem, Swin-T, perception
decoder: one latent code per slot; pixel features P8) -> `UnitedGuidance` (masks and competing slots
on P8, joined to features of fixed size) -> `InstanceMatting` (shared trunk; trimap and alpha by a
dynamic 1x1 convolution per slot) -> `PaperOutput` for training, or `assemble_people` for
predictions.

Reference: Liu et al., End-to-End Human Instance Matting, IEEE TCSVT 2023, arXiv 2403.01510.
"""

from models.e2e_him.paper.config import PaperConfig
from models.e2e_him.paper.network import LayerOutput, PaperE2EHim, PaperOutput

__all__ = ["LayerOutput", "PaperConfig", "PaperE2EHim", "PaperOutput"]
