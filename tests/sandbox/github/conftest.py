from tests.repository.house import gated, house, made

__all__ = ["gated", "house", "made"]
