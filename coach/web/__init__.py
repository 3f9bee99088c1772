"""The pages: a list of calls, each with what to practise, its sound, transcript and scorecards, and where to ask all.

Reads the store and writes nothing but people's reviews and saved questions. Loads no model and no index: what answers
questions is handed in, and loads its own when the first one is asked.
"""

from coach.web.app import create_app
from coach.web.serving import serve

__all__ = ["create_app", "serve"]
