"""Training: settings, mini-batches, steps, backends and checkpoints."""
