"""Traffic moved step by step, measured and judged; no module does two of the three."""
