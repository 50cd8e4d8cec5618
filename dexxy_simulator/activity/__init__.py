"""What happens on a simulated GitHub. Every function moves the times as GitHub does."""
