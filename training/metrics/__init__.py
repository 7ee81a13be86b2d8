"""Measure predicted mattes against true ones: pure numpy, no network.

Data flow: `matching` compares binary masks and pairs them; `panoptic` counts the pairs (PQ, ACC,
REC, MIOU); `instance_errors` sums the matte errors of the pairs (EMSE, EMAD); `matte_errors`
holds the errors of a single matte (SAD, MSE, MAD, Grad, Conn); `imq` scores whole instances.
The paper's own formulas of EMSE, EMAD, ACC and REC are not public: the definitions here are ours.
"""
