"""The benchmark itself: protocol, stages, store, table, pages; the only folder that knows all the others."""
