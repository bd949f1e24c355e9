"""What the operator is told of an import."""
