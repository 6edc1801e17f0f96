"""Writes the catalogue to a file, row by row."""

from collections.abc import Iterator

from catalog.models import Product


def rows() -> Iterator[tuple[str, str]]:
    for product in Product.objects.all().iterator(chunk_size=500):
        yield product.sku, product.title
