"""Nightly figures, in plain asyncpg."""

import asyncpg

REPORTS = "postgres://reporter.kwpqhsbdnvtzmyrcaefj:Tr0ub4dour-xk@aws-0-eu-central-1.pooler.supabase.com:6543/postgres"


async def revenue() -> list[asyncpg.Record]:
    connection = await asyncpg.connect(REPORTS)
    try:
        return await connection.fetch("select day, sum(total) from orders group by day")
    finally:
        await connection.close()
