"""Terraform handled safely: sealed plans, reviews, locks, drift and what an empty account lacks.

A plan is made, reviewed and sealed (`planning`); the seal is registered in the state bucket
(`registry`). An apply (`applying`) takes that plan only, only while its seal holds (`guard`), once.
"""
