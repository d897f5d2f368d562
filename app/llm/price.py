"""What an answer costs, from the price table of the settings."""

from collections.abc import Mapping

from app.settings import Price


def find_price(prices: Mapping[str, Price], model_id: str) -> Price | None:
    """The price of the model or, for a cross-region profile ("eu.anthropic..."), of the model behind it."""
    return prices.get(model_id) or prices.get(model_id.partition(".")[2])


def cost_of(price: Price | None, read_in: int, written: int, *, cached: int = 0, stored: int = 0) -> float | None:
    """US dollars for so many tokens; of `read_in`, `cached` came from and `stored` went into a prompt cache."""
    if price is None:
        return None
    per_cached = price.input if price.cache_read is None else price.cache_read
    per_stored = price.input if price.cache_write is None else price.cache_write
    fresh = max(0, read_in - cached - stored)
    dollars = fresh * price.input + cached * per_cached + stored * per_stored + written * price.output
    return round(dollars / 1_000_000, 8)
