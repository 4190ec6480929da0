"""What a submitted file is before it is read: packed, compressed, of another program, or no structure at all."""
