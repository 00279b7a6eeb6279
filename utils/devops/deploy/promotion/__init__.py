"""The way up: DEV, the gates to SIT and PROD, hotfixes, and GitHub, which keeps the gates."""
