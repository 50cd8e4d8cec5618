"""The documentation as pages of this Dexxy, if it was built: `make docs` puts it into html/."""
