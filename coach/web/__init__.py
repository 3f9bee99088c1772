"""The pages: a list of calls and, for each, what to practise, its sound, transcript and scorecards.

Reads the store and writes nothing but people's reviews. Loads no model and no index.
"""

from coach.web.app import create_app
from coach.web.serving import serve

__all__ = ["create_app", "serve"]
