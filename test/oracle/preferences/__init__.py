"""Records runs of TRL's preference trainers, DPO and KTO."""
