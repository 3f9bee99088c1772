"""Numbered migrations, run by `coach.store.migration`; package data, so that an installed wheel has them."""
