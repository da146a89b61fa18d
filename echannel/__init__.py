"""E-Channel: an analytical workbench for small firms that sell online."""
