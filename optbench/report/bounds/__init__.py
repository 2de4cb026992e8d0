"""What theory promises: curves that no lane of a rule may lie above, where its conditions hold."""
