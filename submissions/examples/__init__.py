"""The bundled example submission and the script that makes it."""
