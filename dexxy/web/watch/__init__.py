"""What is told of requests, and to whoever watches this Dexxy."""
