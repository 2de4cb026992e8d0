"""The practice of training nets from Python: stopping, augmentation, fine-tuning, search."""
