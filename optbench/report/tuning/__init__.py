"""What tuning is worth: how many trials it takes, how many are good, and what the default costs."""
