"""How sentences are compared: by what the middle of the sentence encoder makes of them.

The encoder's last layer was trained to tell subjects apart (a bill, a router); its middle layers still hold how
something is said (who does it, whether it is denied, past or to come), and that is what tells a cue from a near miss.
Seen on the shipped examples, each judged by the others: area under the ROC curve .92 with the fourth layer, .91 with
the third or fifth; layers together gain nothing.
"""

import os

from coach.errors import ModelError
from coach.retrieval.embeddings import BATCH_SIZE, CUDA_BATCH_SIZE, Embedder, SentenceEmbedder, resolve_weights

LAYERS = 4
"""Of MiniLM's six."""


def load_wording(device: str = "cpu", layers: int = LAYERS) -> Embedder:
    """The packaged sentence encoder up to its layer `layers`, averaged over the pieces. Raises ModelError.

    `device` as `load_embedder` takes it.
    """
    folder, name = resolve_weights(None)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads warn, and can hang, after a fork
    try:
        import torch

        from coach.retrieval.bert import BertEncoder
    except ImportError as error:
        raise ModelError(f"torch cannot be imported ({error}); install callcoach anew.") from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    batch_size = BATCH_SIZE if device == "cpu" else CUDA_BATCH_SIZE
    try:
        encoder = BertEncoder(folder, device, batch_size=batch_size, layers=layers)
    except Exception as error:  # whatever the libraries raise for a damaged folder or an absent device
        raise ModelError(f"{folder}: the sentence encoder cannot be loaded on {device} ({error}).") from error
    return SentenceEmbedder(encoder, f"{name}/layer{layers}")
