"""What Python and notebooks hold in their hands: a stored run and its figures."""
