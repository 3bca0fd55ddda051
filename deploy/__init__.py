"""How the product is run. `deploy.demo` is a Django app of its own; the rest are scripts and configuration files."""
