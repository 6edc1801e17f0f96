from fastapi import FastAPI
from sqlalchemy import text

from api.db import Session

app = FastAPI()


@app.get("/orders/{number}")
async def order(number: int) -> dict[str, object]:
    async with Session() as session:
        row = await session.execute(text("select * from orders where id = :id"), {"id": number})
        return dict(row.mappings().one())
