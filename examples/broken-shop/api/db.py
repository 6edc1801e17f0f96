"""The API's database: SQLAlchemy on asyncpg."""

import os

from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

# NullPool is not enough on a transaction pooler, and asyncpg knows no `sslmode`.
engine = create_async_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
Session = async_sessionmaker(engine, expire_on_commit=False)
