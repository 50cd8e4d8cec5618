"""How two accounts are compared: nothing here asks the database."""
