"""One file per format: `split` cuts a stream into records, `parse` turns the bytes of one record into a crystal."""
