"""Random histories, in which anything may happen, and which must all end at the truth."""
