"""What a browser finds at the address of the API: what it is, and a page to try it on."""
