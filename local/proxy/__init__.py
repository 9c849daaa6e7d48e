"""An HTTPS proxy for clients that name AWS's own hosts, whatever AWS_ENDPOINT_URL says."""

from local.proxy.certificates import Authority
from local.proxy.server import Proxy

__all__ = ["Authority", "Proxy"]
