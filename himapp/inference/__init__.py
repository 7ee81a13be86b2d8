"""From a photo's pixels to one matte per person.

Data flow::

    pixels uint8|uint16 [H, W, 3]
      preprocess   letterbox to the network's side, float32 RGB 0..1, and where the photo lies in it
      network      score, box, alpha [K, h, w]; ``devices`` says where it runs
      postprocess  scores and tiny mattes sorted out, alpha at photo size per person's crop
                   (``edges`` by guided up-sampling; ``refine`` by the refiner over ``tiles``)
      session      MattingResult: people from left to right, seconds by stage, device, notes
      pictures     a person's matte as a grey picture, and the cut-out, at the photo's size

``session`` holds the types that everybody may import; it loads no torch. ``e2e_him`` is the session
of the shipped network, ``weights`` finds and checks its file.
"""

import os

# Two torch threads beside another busy process wait for each other by spinning, which takes the
# core that the other thread needs: one pass took 7 to 14 s instead of .3 to .7 s on a busy two-core
# machine (measured). OpenMP reads this once, when torch is loaded, so it stands here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
