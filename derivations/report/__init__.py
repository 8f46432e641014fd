"""What people see of a run: records for JSON, a table for the terminal, a page for the browser."""
