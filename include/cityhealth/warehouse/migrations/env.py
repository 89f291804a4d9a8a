"""Alembic's entry: online migrations only, on the URL that `cityhealth.warehouse.migrate` hands over."""

import sqlalchemy
from alembic import context

engine = sqlalchemy.create_engine(context.config.attributes["url"], poolclass=sqlalchemy.pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, version_table_schema="public")
    with context.begin_transaction():
        context.run_migrations()
