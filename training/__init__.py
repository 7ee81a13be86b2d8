"""Train, measure and look at the matting network; nothing in `himapp` imports this package."""
