"""Generates the numbers and files in `test/golden` with the real PEFT and transformers, on the CPU, and checks them."""

import os

# torch and the hub's client read these variables when they are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
