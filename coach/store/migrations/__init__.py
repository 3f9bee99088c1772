"""Numbered migrations, run by `coach.store.migrate`; package data, so that an installed wheel has them."""
