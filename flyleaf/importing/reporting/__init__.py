"""Report an import to the operator."""
