"""What the columns of a table mean, from the wordings that designs use in their headers."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache

from lld.text import plain, vocabulary

_PARENTHESIS = re.compile(r"\([^()]*\)")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


class Role(Enum):
    """The meaning of a column."""

    ACCESS_PATTERN = auto()
    ATTRIBUTE = auto()
    AUTH = auto()
    CODE = auto()
    CONDITION = auto()
    CONSTRAINTS = auto()
    DEFAULT = auto()
    DESCRIPTION = auto()
    ENDPOINT = auto()
    ENTITY = auto()
    ENUM_VALUE = auto()
    EXAMPLE = auto()
    EXPECTED = auto()
    FIELD = auto()
    FUNCTION = auto()
    HANDLER = auto()
    INDEX = auto()
    INPUT = auto()
    KEY = auto()
    KEY_TYPE = auto()
    MEMORY = auto()
    METHOD = auto()
    METRIC = auto()
    NAME = auto()
    NUMBER = auto()
    OPERATION = auto()
    PATH = auto()
    PATTERN = auto()
    PK = auto()
    PROJECTION = auto()
    PROPERTY = auto()
    QUEUE = auto()
    REQUEST = auto()
    REQUIRED = auto()
    RESOURCE = auto()
    RESPONSE = auto()
    SCENARIO = auto()
    SIZES = auto()
    SK = auto()
    STATUS = auto()
    STORY = auto()
    STORY_ID = auto()
    TABLE = auto()
    TAG = auto()
    TARGET = auto()
    TEST_ID = auto()
    TIMEOUT = auto()
    TOPIC = auto()
    BUCKET = auto()
    DLQ = auto()
    SECRET = auto()
    TRIGGER = auto()
    TYPE = auto()
    VALUE = auto()
    VARIABLE = auto()


_WORDINGS: dict[Role, str] = {
    Role.ACCESS_PATTERN: "access pattern|access patterns|query pattern|pattern name|use case",
    Role.ATTRIBUTE: "attribute|attribute name|attributes|column|column name|dynamodb attribute",
    Role.AUTH: "auth|authentication|authorization|auth roles|auth required|authorizer|roles|"
    "security|required role|access|auth type|permission|permissions",
    Role.CODE: "code|error code|error",
    Role.CONDITION: "key condition|key condition expression|key conditions|query|solution|"
    "key expression|keys|implementation|query key|how",
    Role.CONSTRAINTS: "constraints|constraint|validation|validations|validation rules|rules|"
    "validation rule|restrictions",
    Role.DEFAULT: "default|default value",
    Role.DESCRIPTION: "description|purpose|desc|summary|details|notes|comment|responsibility|"
    "meaning|comments|what it does|does|role|job|remarks|note|explanation|about|what|why",
    Role.ENDPOINT: "endpoint|api endpoint|route|http endpoint|api|api route|rest endpoint|"
    "endpoints|method path|method and path|api path and method|http route|request line",
    Role.ENTITY: "entity|entity type|item type|item|record|record type|object|entities",
    Role.ENUM_VALUE: "enum value|enum|allowed value|allowed values|enum values",
    Role.EXAMPLE: "example|example value|sample|sample value|examples",
    Role.EXPECTED: "expected|expected result|expected output|expected outcome|then|"
    "expected results|expected response|expected behavior|expected behaviour",
    Role.FIELD: "field|field name|parameter|param|parameter name|property name|fields|member",
    Role.FUNCTION: "function|function name|lambda|lambda function|lambda name|"
    "lambda function name|functions|lambda functions|lambda handler name|lambdas|"
    "consumer lambda|lambda consumer|target lambda|consumer function|handler function|"
    "handler lambda|integration lambda|lambda target",
    Role.HANDLER: "handler|handler path|entry point|handler file|file|source file|module|"
    "handler module|entrypoint",
    Role.INDEX: "index|index name|gsi|gsi name|gsis|secondary index|indexes",
    Role.INPUT: "input|given|preconditions|precondition|test input|request data|inputs",
    Role.KEY: "key|key name|key component",
    Role.KEY_TYPE: "key type|key role|role in key|key schema",
    Role.MEMORY: "memory|memory mb|memory size|ram|memory allocation|mem|mb|mib",
    Role.METHOD: "method|http method|verb|http verb|http|methods|http methods",
    Role.METRIC: "metric|requirement|nfr|dimension|aspect|quality attribute|category|measure|"
    "kpi|data type|limit",
    Role.NAME: "name",
    Role.NUMBER: "no|nr|num|number|step|s no|sno|sr no",
    Role.OPERATION: "operation|action|operations|api operation|api name",
    Role.PATH: "path|url|uri|resource path|api path|url path|route path|endpoint path|"
    "endpoint url|url pattern|api url",
    Role.PATTERN: "pattern|format|value pattern|key pattern|value format|structure|key format",
    Role.PK: "pk|partition key|hash key|primary key|pk pattern|partition key pattern|gsi pk|"
    "pk value|partition key pk|hash|pk attribute|pk format|index pk",
    Role.PROJECTION: "projection|projection type|projected attributes|projections",
    Role.PROPERTY: "property|attribute|setting|configuration|config|parameter|specification|"
    "aspect|key|item|element|characteristic|detail|component|field|configuration item|option",
    Role.QUEUE: "queue|queue name|dedicated queue|sqs queue|source queue|sqs queue name",
    Role.REQUEST: "request|request model|request body|request schema|request type|body",
    Role.REQUIRED: "required|mandatory|req|optional|nullable|required?|m o|mandatory optional",
    Role.RESOURCE: "resource|resource name|aws resource|resource type|service|aws service",
    Role.RESPONSE: "response|response model|response body|response schema|returns|response type",
    Role.SCENARIO: "scenario|test scenario|test scenarios|test scenario s|scenarios|test case|"
    "test cases|acceptance criteria|test|test name|acceptance criterion|scenario name|"
    "test case name|test description|test case description|acceptance|acceptance tests",
    Role.SIZES: "memory timeout|memory and timeout|mem timeout|ram timeout|size|sizing|"
    "timeout memory|timeout and memory|memory time|limits|compute",
    Role.SK: "sk|sort key|range key|sk pattern|sort key pattern|gsi sk|sk value|"
    "sort key sk|range|sk attribute|sk format|index sk",
    Role.STATUS: "status|http status|status code|http|http code|http status code|statuscode",
    Role.STORY: "user story|story|as a|user stories|story description|user story description",
    Role.STORY_ID: "user story #|user story id|story id|us id|story #|us #|user story no|"
    "user story number|us|story|us number|user story ref|us ref|user story",
    Role.TABLE: "table|table name|dynamodb table",
    Role.TAG: "tag|tag key|tag name|tags",
    Role.TARGET: "target|target value|sla|threshold|value|limit|requirement|goal|"
    "retention period|retention|targets",
    Role.TEST_ID: "test id|test case id|tc id|test #|scenario id|id|test case #|ts id|"
    "scenario #|tc|tc #|test case no|ref|ut id|it id",
    Role.TIMEOUT: "timeout|timeout s|timeout sec|timeout seconds|lambda timeout|time out|"
    "max duration|max runtime|s|sec|secs|seconds",
    Role.TOPIC: "topic|topic name|sns topic",
    Role.DLQ: "dlq|dead letter queue|dlq name|dead letter queue name",
    Role.SECRET: "secret|secret name|secret id|secret path",  # pragma: allowlist secret
    Role.BUCKET: "bucket|bucket name|s3 bucket",
    Role.TRIGGER: "trigger|trigger type|event source|source|triggered by|invocation|"
    "trigger source|invoked by|event|event trigger|invocation type|trigger event|started by|"
    "starts on|runs on|run by|driven by|called by|fired by|invoked via|starts when|when it runs|"
    "activated by|triggers",
    Role.TYPE: "type|data type|datatype|field type|attribute type|format|dynamodb type",
    Role.VALUE: "value|values|detail|details|configuration|specification|setting|"
    "default value|configured value",
    Role.VARIABLE: "variable|var|env name|environment variable|env variable|env var|variable name|"
    "env variable name|environment variables|environment variable name|env vars|key|"
    "config key|ssm parameter",
}

_ROLES: dict[str, frozenset[Role]] = {}
for _role, _names in _WORDINGS.items():
    for _name in _names.split("|"):
        _ROLES[_name] = _ROLES.get(_name, frozenset()) | {_role}


def header_words(header: str) -> str:
    """A header in lower case without markup, parentheses and punctuation, except a final `#`."""
    text = plain(header).lower()
    text = _PARENTHESIS.sub(" ", text) if "(" in text else text
    folded = _NOT_WORD.sub(" ", text).strip()
    return folded + " #" if text.rstrip().endswith("#") and folded else folded


_FILLERS = vocabulary(
    "the of our a an aws amazon lambda dynamodb default max maximum allocated configured mb mib gb "
    "sec secs seconds s ms min minutes in"
)


_SHARED = frozenset((Role.TRIGGER, Role.ENDPOINT, Role.DESCRIPTION))
"""Roles that a column may have beside another: `Serves / triggered by`."""


def _roles_of(header: str) -> frozenset[Role]:
    """The roles of a header's words, looked up again without units and fillers if unknown."""
    said = header_words(header)
    known = _ROLES.get(said)
    if known is None:
        known = _ROLES.get(" ".join(w for w in said.split() if w not in _FILLERS))
    if known is None:
        parts = plain(header).split("/")
        known = frozenset(role for part in parts for role in _ROLES.get(header_words(part), ()))
        known &= _SHARED if len(parts) > 1 else frozenset()
    return known


@lru_cache(maxsize=2048)
def roles(header: tuple[str, ...]) -> dict[Role, int]:
    """The first column of each role in this header; a column may have several roles."""
    found: dict[Role, int] = {}
    for position, cell in enumerate(header):
        for role in _roles_of(cell):
            found.setdefault(role, position)
    return found


@lru_cache(maxsize=2048)
def first_column(header: tuple[str, ...]) -> int:
    """The first column that is not a row number (`#`, `No.`)."""
    for position, cell in enumerate(header):
        if header_words(cell) not in ("", "no", "nr", "num", "number", "s no", "sno", "sr no"):
            return position
    return 0
