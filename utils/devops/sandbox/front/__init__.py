"""API Gateway's front: requests to deployed REST APIs reach their functions, as on AWS.

`routes` is what a deployment serves, `proxy` the events and answers of proxy integrations,
`authorization` who may call, `server` the whole way of one request, `tls` and `tunnel` make AWS's
own `https://{api}.execute-api.{region}.amazonaws.com` lead here.
"""
