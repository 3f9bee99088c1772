"""Files of other kinds than sound that hold whole contacts."""
