"""What all eleven scripts share: environments, accounts, errors, options, output and processes.

Nothing in here knows a domain (designs, pipelines, deployments) or imports a script.
"""
