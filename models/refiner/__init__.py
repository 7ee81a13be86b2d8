"""The refiner: a photo's own pixels and a coarse matte of one person in, the matte's edges out.

It knows nothing of people. It sees where the coarse matte is undecided and finds, in the colours
beside it, where hair, fingers and cloth end. ``network`` holds the layers, ``weights`` the file.
"""
