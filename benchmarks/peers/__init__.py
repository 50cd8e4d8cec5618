"""What else people read GitHub with, beside Dexxy, on the same simulated GitHub."""
