"""What must outlive this machine: backups, restoring them, and the keys that secrets need."""
