"""A SageMaker with a tracking server, and what asks it: signed and unsigned requests, in process."""

import io
import json

import pytest
from werkzeug.test import Client, EnvironBuilder

from local.clock import Clock
from local.mlflow.address import Addresses
from local.mlflow.dialect import ARN_HEADER
from local.signing import Scope
from tests.local.conftest import ACCOUNT, REGION, SmallCloud
from tests.local.sagemaker.clouds import sagemaker_cloud
from tests.local.trust import role

BUCKET, NAME = "artifacts", "Team"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/team"
API = "/api/2.0/mlflow/"


class Tracking:
    """A cloud with a tracking server, and how tests talk with it."""

    def __init__(self, cloud: SmallCloud) -> None:
        self.cloud, self.services = cloud, cloud.services
        self.sm, self.s3 = cloud.client("sagemaker"), cloud.client("s3")
        role(cloud.client("iam"), "tracker", "sagemaker")
        self.role = f"arn:aws:iam::{ACCOUNT}:role/tracker"
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        window = cloud.parts[0].window
        self.browser = Client(Addresses(cloud.app, account=ACCOUNT, region=REGION, window=window))

    def make(self, name=NAME):
        """A server that answers."""
        given = {"TrackingServerName": name, "ArtifactStoreUri": f"s3://{BUCKET}/mlflow", "RoleArn": self.role}
        arn = self.sm.create_mlflow_tracking_server(**given)["TrackingServerArn"]
        self.reach(name, "Created")
        return arn

    def reach(self, name, status):
        """Wait until a server has a status."""
        store, kind = self.cloud.parts[0]._store, self.cloud.parts[0]._written.mlflow._servers._kind
        store.until(kind, name, lambda record: record["TrackingServerStatus"] == status, timeout_seconds=20)

    def asked(self, method, path, /, *, arn=ARN, **body):
        """Status and answer of a signed request of MLflow's API."""
        headers = {ARN_HEADER: arn, "Authorization": Scope("local", REGION, "sagemaker-mlflow").header}
        data = json.dumps(body).encode() if method != "GET" else b""
        query = body if method == "GET" else {}
        environ = EnvironBuilder(
            API + path, method=method, headers=headers, input_stream=io.BytesIO(data), query_string=query
        ).get_environ()
        answer = Client(self.cloud.app).open(environ)
        return answer.status_code, answer.get_json()

    def post(self, path, /, **body):
        """The answer to what must go well."""
        status, answer = self.asked("POST", path, **body)
        assert status == 200, answer
        return answer

    def get(self, path, /, **query):
        """Likewise."""
        status, answer = self.asked("GET", path, **query)
        assert status == 200, answer
        return answer

    def experiment(self, name):
        """The id of a new experiment."""
        return self.post("experiments/create", name=name)["experiment_id"]

    def run(self, experiment, **more):
        """The id of a new run."""
        return self.post("runs/create", experiment_id=experiment, **more)["run"]["info"]["run_id"]


@pytest.fixture(scope="module")
def tracking(tmp_path_factory):
    """One for all tests of a file: each makes experiments of its own names."""
    with sagemaker_cloud(tmp_path_factory, clock=Clock(speed=100)) as cloud:
        made = Tracking(cloud)
        made.make()
        yield made
