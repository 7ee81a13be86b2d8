"""Networks of himapp: plain torch, no file formats of photos, no Qt."""
