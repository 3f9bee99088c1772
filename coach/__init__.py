"""Callcoach: coaching and learning from service calls. See DESIGN in README.md for the flow of a call."""

__version__ = "0.1.0"
