"""The warehouse: connections per role, the embedded server, migrations, Arrow → COPY."""
