"""A resource policy that is a resource of its own and holds for several others."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from local.cloudformation.resources.provisioner import Provisioner, Request, required


class SharedPolicy(Provisioner):
    """One policy for one or more resources, which `holders` lists. A subclass puts it on one and takes it away."""

    holders: ClassVar[str]

    def put(self, request: Request, holder: str, policy: str) -> None:
        """Put the policy, JSON text, on one of the resources."""
        raise NotImplementedError

    def take(self, request: Request, holder: str) -> None:
        """Take the policy from one of the resources, which may be gone."""
        raise NotImplementedError

    def got(self, request: Request, holder: str) -> str:
        """The policy, JSON text, that one of the resources has; empty for none."""
        raise NotImplementedError

    def create(self, request: Request) -> str:
        """Put the policy on every resource."""
        self._put_all(request)
        return request.name

    def update(self, request: Request) -> None:
        """Put the policy on every resource, and take it from those no longer named."""
        self._put_all(request)
        for holder in sorted(set(request.before[self.holders]) - set(request.properties[self.holders])):
            self.take(request, holder)

    def delete(self, request: Request) -> None:
        """Take the policy from every resource."""
        for holder in request.properties[self.holders]:
            self.take(request, holder)

    def attributes(self, request: Request) -> dict[str, Any]:
        """The policy's id."""
        return {"Id": request.physical_id}

    def read(self, request: Request) -> dict[str, Any]:
        """The policy, and who has it: those that have another one are left out."""
        wanted = request.properties["PolicyDocument"]
        held = {holder: json.loads(self.got(request, holder) or "{}") for holder in request.properties[self.holders]}
        having = [holder for holder, policy in held.items() if policy == json.loads(json.dumps(wanted))]
        return {"PolicyDocument": wanted if having else next(iter(held.values()), {}), self.holders: having}

    def _put_all(self, request: Request) -> None:
        policy = json.dumps(required(request, "PolicyDocument"))
        for holder in required(request, self.holders):
            self.put(request, holder, policy)
