"""Prompts as data: one Markdown file each, with front matter (id, version, purpose, variables, output schema)."""
