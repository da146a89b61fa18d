"""Where to sell next: own traction, a ranking that can be argued with, and what a market costs to enter."""
