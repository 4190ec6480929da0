"""What is measured on a crystal and what is scored on a submission; imports no other folder of this project."""
