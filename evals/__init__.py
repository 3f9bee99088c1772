"""Measurements of what the product does, run by hand: `python -m evals NAME`. Not installed with it."""
