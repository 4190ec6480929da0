"""What the browser shows, drawn from the store."""
