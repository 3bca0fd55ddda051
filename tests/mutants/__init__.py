"""Small faults to plant in the code, and the tests that must notice each: `make mutants`."""
