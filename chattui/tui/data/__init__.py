"""What the app does with the database: on threads of its own, answered by typed messages."""
