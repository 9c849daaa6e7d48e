"""A SageMaker that stores models, endpoint configurations and endpoints, and fails or dawdles as told."""

from __future__ import annotations

import json
import threading
import urllib.request
from datetime import UTC, datetime

from local.errors import AwsError
from local.front import Family

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {"Model": "model", "EndpointConfig": "endpoint-config", "Endpoint": "endpoint"}


class FakeSageMaker:
    """`kept` holds resources by kind and name. A configuration named in `broken` makes an endpoint fail.

    With `slow` set, endpoints stay on their way until `go` is set. An update to a variant in `stranded` fails, and so
    does its rollback.
    """

    def __init__(self, services) -> None:
        self._services = services
        self.kept = {kind: {} for kind in KINDS}
        self.tags = {}
        self.broken = set()
        self.stranded = set()
        self.undeletable = set()
        self.slow = False
        self.go = threading.Event()
        self.updates = []

    def families(self):
        """The one family."""
        handlers = {"AddTags": self._add_tags, "DeleteTags": self._delete_tags, "ListTags": self._list_tags}
        handlers["UpdateEndpoint"] = self._update
        for kind in KINDS:
            handlers[f"Create{kind}"] = self._bound(self._create, kind)
            handlers[f"Describe{kind}"] = self._bound(self._describe, kind)
            handlers[f"Delete{kind}"] = self._bound(self._delete, kind)
        return [Family("sagemaker", handlers)]

    def close(self) -> None:
        """Let go of whoever waits."""
        self.go.set()

    def _bound(self, handler, kind):
        return lambda params, call: handler(kind, params)

    def _create(self, kind, params):
        name = params[f"{kind}Name"]
        if name in self.kept[kind]:
            raise AwsError("ValidationException", f"Cannot create already existing {KINDS[kind]} {name}.")
        if kind == "Endpoint":
            self._find("EndpointConfig", params["EndpointConfigName"])
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:{KINDS[kind]}/{name}".lower()
        self.kept[kind][name] = {**params, f"{kind}Arn": arn, "CreationTime": NOW}
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
        if kind == "Endpoint":
            self.kept[kind][name]["EndpointStatus"] = "Creating"
        return {f"{kind}Arn": arn}

    def _describe(self, kind, params):
        found = self._find(kind, params[f"{kind}Name"])
        if kind == "Endpoint":
            self._move(found)
            found.setdefault("LastModifiedTime", NOW)
        return found

    def _move(self, endpoint):
        if endpoint["EndpointStatus"] not in ("Creating", "Updating") or (self.slow and not self.go.is_set()):
            return
        wanted = endpoint.pop("Wanted", None)
        if wanted is None and endpoint["EndpointConfigName"] in self.broken:
            endpoint |= {"EndpointStatus": "Failed", "FailureReason": "the container does not answer"}
        elif wanted is not None and self._says(wanted) in self.stranded:
            endpoint["EndpointStatus"] = "UpdateRollbackFailed"
        elif wanted is not None and self._says(wanted) not in self.broken:
            endpoint |= {"EndpointStatus": "InService", "EndpointConfigName": wanted}
        else:
            endpoint["EndpointStatus"] = "InService"

    def _says(self, config):
        return self.kept["EndpointConfig"][config]["ProductionVariants"][0]["VariantName"]

    def _update(self, params, call):
        endpoint = self._find("Endpoint", params["EndpointName"])
        if endpoint["EndpointStatus"] not in ("InService", "UpdateRollbackFailed"):
            raise AwsError("ValidationException", "Cannot update in-progress endpoint")
        self._find("EndpointConfig", params["EndpointConfigName"])
        self.updates.append(params)
        endpoint |= {"EndpointStatus": "Updating", "Wanted": params["EndpointConfigName"]}
        return {"EndpointArn": endpoint["EndpointArn"]}

    def _delete(self, kind, params):
        name = params[f"{kind}Name"]
        self._find(kind, name)
        if name in self.undeletable:
            raise AwsError("ValidationException", f"{name} is in use")
        del self.kept[kind][name]
        return {}

    def _add_tags(self, params, call):
        tags = self.tags[params["ResourceArn"]]
        tags |= {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        return {"Tags": []}

    def _delete_tags(self, params, call):
        for key in params["TagKeys"]:
            self.tags[params["ResourceArn"]].pop(key)
        return {}

    def _list_tags(self, params, call):
        tags = self.tags.get(params["ResourceArn"], {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _find(self, kind, name):
        if name not in self.kept[kind]:
            raise AwsError("ValidationException", f'Could not find {KINDS[kind]} "{name}".')
        return self.kept[kind][name]


class FakeFunctions:
    """A Lambda whose one function answers custom resources as `behave(event)` says; None is silence."""

    def __init__(self, services) -> None:
        self.events = []
        self.behave = lambda event: {"Status": "SUCCESS", "PhysicalResourceId": "it"}
        self._threads = []

    def families(self):
        """The one family."""
        return [Family("lambda", {"Invoke": self._invoke})]

    def close(self) -> None:
        """Wait for the answers under way."""
        for thread in self._threads:
            thread.join()

    def asked(self, *members):
        """What it was asked, by the named members of the events."""
        return [tuple(event.get(member) for member in members) for event in self.events]

    def _invoke(self, params, call):
        assert params["InvocationType"] == "Event"
        event = json.loads(params["Payload"])
        self.events.append(event)
        thread = threading.Thread(target=self._answer, args=[event])
        self._threads.append(thread)
        thread.start()
        return {"StatusCode": 202}

    def _answer(self, event):
        said = self.behave(event)
        if said is not None:
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT")
            urllib.request.urlopen(request, timeout=5).close()
