"""Networks that learn to name colours."""
