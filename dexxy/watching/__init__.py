"""How a Dexxy that runs is doing, in numbers: for `/metrics` and `dexxy doctor --json` alike."""
