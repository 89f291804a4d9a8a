"""What people ask the warehouse in a terminal: how things stand, and what a run did."""
