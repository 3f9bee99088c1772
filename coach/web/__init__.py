"""The pages: a list of calls and, for each, its sound, transcript, questions and scorecard.

Reads the store and writes nothing. Loads no model and no index.
"""

from coach.web.app import create_app
from coach.web.serving import serve

__all__ = ["create_app", "serve"]
