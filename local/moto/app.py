"""moto's WSGI app, which keeps every service that is not ours."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from local.bucket_policies import judge_conditions
from local.moto.bodies import keep_bodies
from local.moto.copies import sum_copies_up
from local.moto.dispatch import dispatcher
from local.moto.linked_roles import name_linked_roles
from local.moto.once import work_out_once
from local.moto.snapshot import forget_backends
from local.moto.steady import steady_modules
from local.moto.tables import update_tables_fully

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCOUNT = "123456789012"
"""The account that moto gives every caller whose keys it has not issued itself (moto.core.DEFAULT_ACCOUNT_ID)."""


def moto_app() -> WSGIApplication:
    """A WSGI app over moto's backends, which are the process's own: a second app sees the same state until `reset`."""
    os.environ.setdefault("MOTO_DISABLE_GLOBAL_CORS", "true")
    # Roles attach policies that AWS manages, such as AdministratorAccess.
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    judge_conditions()
    _manage_policies_in_one_partition()
    _trust_in_every_version()
    name_linked_roles()
    sum_copies_up()
    keep_bodies()
    update_tables_fully()
    work_out_once()
    moto = dispatcher()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Finding the service's own app imports its modules.
        found: WSGIApplication = moto.get_application(environ)
        steady_modules()
        return found(environ, start_response)

    return app


def _manage_policies_in_one_partition() -> None:
    # moto reads AWS's policies, 0.3 s each time, for every account and partition there is: an access key is sought in
    # all of them. They are read once, for ours.
    from moto.iam.models import IAMBackend, ManagedPolicy
    from moto.settings import load_iam_aws_managed_policies

    read = IAMBackend._init_aws_policies
    if read.__module__ == __name__:
        return
    known: dict[str, list[ManagedPolicy]] = {}

    def read_ours(self: IAMBackend) -> list[ManagedPolicy]:
        if self.region_name != "aws":
            return []
        if not known.get(self.account_id):
            known[self.account_id] = read(self)
        # Shallow copies: how often it is attached is all that changes of a policy of AWS's.
        wanted = load_iam_aws_managed_policies()
        return [copy.copy(policy) for policy in known[self.account_id]] if wanted else []

    IAMBackend._init_aws_policies = read_ours  # type: ignore[method-assign]


def _trust_in_every_version() -> None:
    # moto wants every policy of the version of 2012. A trust policy may leave it out, or be of the one before (IAM User
    # Guide, IAM JSON policy elements: Version); the bootstrap template of the CDK does.
    from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

    IAMTrustPolicyDocumentValidator._validate_version = (  # type: ignore[method-assign]
        IAMTrustPolicyDocumentValidator._validate_version_syntax
    )


def reset_moto() -> None:
    """Empty every backend of moto, in every account and region."""
    from moto.core.model_instances import reset_model_data

    forget_backends()
    reset_model_data()
