"""Finding passages: how transcripts are cut, embedded, indexed in generations and searched."""
