"""How mails read, and the pages about them."""
