"""Where every error becomes one sentence and an exit code: no command shows a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

_INTERRUPTED = 130


def guarded(action: Callable[[], object]) -> int:
    """Run `action`: 0 done, 1 a check or an outcome was bad, 2 wrong use, 130 interrupted."""
    try:
        action()
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _said("interrupted", code=_INTERRUPTED)
    except ClientError as error:
        return _said(f"AWS refuses: {error}")
    except BotoCoreError as error:
        hint = ": does `sluice up` still run?" if _goes_to_local_cloud(error) else ""
        return _said(f"the call did not get through: {error}{hint}")
    except BrokenPipeError:
        # Whoever reads has read enough; what is left shall not fail once more when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _said(f"{error.filename or 'this machine'}: {error.strerror or error}")
    return 0


def _said(sentence: str, *, code: int = 1) -> int:
    click.echo(f"sluice: {sentence}", err=True)
    return code


def _goes_to_local_cloud(error: BotoCoreError) -> bool:
    return isinstance(error, ConnectionError | HTTPClientError) and "AWS_ENDPOINT_URL" in os.environ
