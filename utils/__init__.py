"""Product-independent libraries."""
