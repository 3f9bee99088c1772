"""Nothing leaves the machine: switches off what libraries send or fetch on their own, before they are imported."""

import os

_QUIET = {
    "HF_HUB_OFFLINE": "1",  # transformers and sentence-transformers look for updates otherwise
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",  # chromadb
    "LANGSMITH_TRACING": "false",  # langchain-core sends every prompt when one of these is true
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "OTEL_SDK_DISABLED": "true",
    "TOKENIZERS_PARALLELISM": "false",  # warns on every fork otherwise
}


def stay_offline() -> None:
    """Sets the environment of this process and its children, whatever it was before."""
    os.environ.update(_QUIET)
