"""What is put into S3 with the content type of a web form, which moto reads as a form and then keeps without its body.

urllib and curl send that type unless told otherwise, so presigned URLs meet it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.s3.responses import S3Response


def keep_bodies() -> None:
    """Have moto take what a PUT brings as it is: only POST brings forms (Amazon S3 API Reference, POST Object)."""
    from moto.s3.responses import S3Response
    from werkzeug.datastructures import ImmutableMultiDict

    setup_class = S3Response.setup_class
    if setup_class.__module__ == __name__:
        return

    def setup(self: S3Response, request: Any, *args: Any, **more: Any) -> None:
        if request.method == "PUT":  # a form that is there already is not looked for in the body
            request.__dict__.update(form=ImmutableMultiDict(), files=ImmutableMultiDict())
        setup_class(self, request, *args, **more)

    S3Response.setup_class = setup  # type: ignore[method-assign]
