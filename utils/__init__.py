"""Small kits that know nothing of the product."""
