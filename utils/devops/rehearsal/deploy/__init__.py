"""`pipeline_test.py deploy`: a deployment pipeline checked without deploying."""
