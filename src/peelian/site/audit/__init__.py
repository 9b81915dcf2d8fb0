"""The audit log on the page: who did and saw what, whether its chain is whole, and a copy to take away."""
