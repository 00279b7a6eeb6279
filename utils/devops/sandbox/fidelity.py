"""What a green run in the sandbox does not prove, so that nobody reads it as "safe on AWS"."""

NOT_EXERCISED = (
    "IAM policies: every signed request is permitted; only accounts, bucket policies and the "
    "functions' own policies for API Gateway are checked",
    "signatures: credentials decide the account, nobody checks what was signed",
    "delays: metrics and logs are there at once, updates take 0.2 s, retries wait seconds",
    "quotas, throttling and capacity, but for reserved concurrency",
    "VPCs, provisioned concurrency, SnapStart and images; processors other than this machine's",
    "alarms: they keep the state that somebody sets",
    "the folder /tmp itself: a worker's own is where TMPDIR says",
    "workflows: actions are replaced by what they do here, jobs run on this machine as this user, "
    "all at once; schedules start nothing; a review is not asked who owns the code; concurrency "
    "groups, matrices, containers, caches and provenance are not there",
    "Cognito tokens: their claims are read, their signature is not",
)
