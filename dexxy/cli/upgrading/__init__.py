"""`dexxy upgrade`: what it would do, and doing it."""
