"""Finds Supabase Postgres connections that will fail, leak or fall over where they run."""

__version__ = "0.1.0"
HOMEPAGE = "https://github.com/supa-lint/supa-lint"
