"""The companion: the pages of the documentation that are generated from the code, as a Sphinx extension."""
