"""The stand-in as tests hold it: start, clients that talk to it, the control API as methods.

    with StandIn() as aws:
        aws.client("iam").list_roles()
        aws.fault(operation="CreateRole", kind="error", code="Throttling")
        held = aws.wait_held()
        problems = check_log(aws.requests())
"""

import http.client
import json
import pathlib
import signal
import subprocess
import sys
from contextlib import contextmanager

import boto3
from botocore.config import Config

from .server import ACCOUNT, CLUSTER, REGION

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 30
CONTROLLER_KEYS = ("AKIDPODIDENTITY00001", "controller-secret")
TESTS_KEYS = ("AKIDTESTS00000000001", "tests-secret")
CONTROLLER_AGENT = "podidentity/test"


class StandIn:
    def __init__(self, log=None, account=ACCOUNT, region=REGION, cluster=CLUSTER):
        """log: path of the request log; without one it is kept in memory only."""
        self.account, self.region, self.cluster = account, region, cluster
        self.log = log
        self.port = None
        self.process = None
        self._clients = {}   # loading boto3's models takes half a second

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def cluster_arn(self):
        return f"arn:aws:eks:{self.region}:{self.account}:cluster/{self.cluster}"

    def start(self):
        command = [sys.executable, "-m", "tests.aws.server", "--account", self.account,
                   "--region", self.region, "--cluster", self.cluster]
        if self.log:
            command += ["--log", str(self.log)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "http://127.0.0.1:" not in line:
            self.stop()
            raise RuntimeError(f"the AWS stand-in did not start: {line!r}")
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(START_TIMEOUT_S)
        if self.process:
            self.process.stdout.close()

    def environment(self):
        """What the controller under test needs to find and sign for the stand-in."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": self.region,
                "AWS_ACCESS_KEY_ID": CONTROLLER_KEYS[0],
                "AWS_SECRET_ACCESS_KEY": CONTROLLER_KEYS[1],
                "AWS_EC2_METADATA_DISABLED": "true"}

    def container_environment(self, folder):
        """The same through the container endpoint; writes the token file into folder."""
        token_file = pathlib.Path(folder) / "eks-pod-identity-token"
        token_file.write_text(self.control("POST", "credentials", {})["token"], encoding="ascii")
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": self.region,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.url}/_control/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(token_file),
                "AWS_EC2_METADATA_DISABLED": "true"}

    def client(self, service, keys=TESTS_KEYS, token=None, user_agent=None, region=None,
               connections=10, read_timeout_s=30):
        """A boto3 client without retries, so that a fault is seen as it is. The same parameters
        give the same client."""
        wanted = service, keys, token, user_agent, region, connections, read_timeout_s
        if wanted not in self._clients:
            self._clients[wanted] = self._make_client(*wanted)
        return self._clients[wanted]

    def _make_client(self, service, keys, token, user_agent, region, connections, read_timeout_s):
        config = Config(proxies={}, retries={"total_max_attempts": 1}, user_agent=user_agent,
                        max_pool_connections=connections, connect_timeout=5,
                        read_timeout=read_timeout_s)
        session = boto3.Session(*keys, aws_session_token=token,
                                region_name=region or self.region)
        return session.client(service, endpoint_url=self.url, config=config)

    def controller_client(self, service):
        """Signs and speaks as the controller does, region of IAM included."""
        return self.client(service, CONTROLLER_KEYS, user_agent=CONTROLLER_AGENT,
                           region="us-east-1" if service == "iam" else None)

    def control(self, method, path, body=None, timeout_s=90):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/_control/{path}", body=text)
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {value}")
        return value

    def requests(self, since=0, wait_s=0, client=None, operation=None):
        """Log entries after number since; wait_s: until there is at least one."""
        entries = self.control("GET", f"requests?since={since}&wait={wait_s}")["requests"]
        return [entry for entry in entries
                if (client is None or entry.get("client") == client)
                and (operation is None or entry.get("operation") == operation)]

    def last(self):
        """The number of the newest entry, for requests(since=...)."""
        return self.control("GET", "requests?since=1000000000")["last"]

    def counts(self, since=0, client="controller"):
        """{operation: {status or error code: number}} of the entries after since."""
        return self.control("GET", f"counts?since={since}").get(client, {})

    def limit(self, policy):
        """Lets the controller do only what this IAM policy allows, a document; see rights.py."""
        self.control("POST", "rights", policy)

    def unlimit(self):
        self.control("DELETE", "rights")

    def reset(self):
        return self.control("POST", "reset", {})

    def fault(self, **rule):
        return self.control("POST", "faults", rule)

    def clear_faults(self):
        self.control("DELETE", "faults")

    def faults(self):
        return self.control("GET", "faults")

    def hold(self, when, nth, **rule):
        """Holds the controller's nth write before or after its effect."""
        return self.fault(kind="hold", when=when, nth=nth, writes=True, **rule)

    def wait_held(self, wait_s=30):
        """The requests held now; waits for one. Empty when none came in time."""
        return self.control("GET", f"holding?wait={wait_s}")

    def release(self, number=None):
        return self.control("POST", "release", {} if number is None else {"id": number})

    def deny(self, action, resource="*", client="controller"):
        return self.control("POST", "deny", {"action": action, "resource": resource,
                                             "client": client})

    def allow(self):
        self.control("DELETE", "deny")

    def consistency(self, **rules):
        return self.control("POST", "consistency", rules)

    def down(self):
        self.control("POST", "down", {})

    def up(self):
        self.control("POST", "up", {})

    def mark(self, name, **fields):
        return self.control("POST", "mark", {"mark": name, **fields})["last"]

    @contextmanager
    def expecting(self, what):
        """what: one of check.WINDOWS; check_log lets it pass inside."""
        self.mark("expect", what=what, state="begin")
        try:
            yield
        finally:
            self.mark("expect", what=what, state="end")

    def killed(self):
        """Tells the log that the controller was killed just now, wherever it was."""
        self.mark("killed")
