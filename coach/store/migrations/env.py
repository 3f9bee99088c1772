"""Alembic's entry point: applies the steps on the connection that `coach.store.migration` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
