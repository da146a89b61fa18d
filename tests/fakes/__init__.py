"""Servers that behave like the platforms': real ones, on loopback, with every fault on demand."""
