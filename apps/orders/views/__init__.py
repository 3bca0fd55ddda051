"""Shop, checkout, gateway callbacks and the buyer's orders."""
