"""The environment of a process, set before the libraries that read it are imported."""

import os

OFFLINE = {
    "HF_HUB_OFFLINE": "1",  # transformers and sentence-transformers look for updates otherwise
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",  # chromadb
    "LANGSMITH_TRACING": "false",  # langchain-core sends every prompt when one of these is true
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGCHAIN_HANDLER": "",  # langchain-core refuses to work when it is set
    "LANGSMITH_GATEWAY": "false",
    "OPENAI_LOG": "",  # "debug" writes every prompt to stderr
    "OTEL_SDK_DISABLED": "true",
}


def prepare() -> None:
    """Keeps this process and its children from sending or fetching anything, and lets them share the cores.

    What is switched off stays off whatever the environment said before; how threads wait can be chosen from outside.
    """
    os.environ.update(OFFLINE)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # warns on every fork otherwise
    # OpenMP's threads spin while they wait. Where another process wants the cores too, every one of the recogniser's
    # thousands of small products then waits a scheduler's slice for a thread that is not running: 189 s instead of
    # 17 s for the same 204 s of audio beside one busy process on two cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
