"""What the demo alone has: the mails it would send, and letting everybody read it."""
