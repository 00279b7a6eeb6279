"""What every deployment was and is: a chained record, and the lock of whoever works on it."""
