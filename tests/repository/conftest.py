from tests.repository.house import gated, house, made, prepared

__all__ = ["gated", "house", "made", "prepared"]
