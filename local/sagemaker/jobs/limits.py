"""What an instance gives a program, as far as this machine can hold it to that: memory, disk and time."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from local.sagemaker.resources import Record

_GIB: Final = 2**30
_DAY_SECONDS: Final = 86_400
# GiB of memory for each virtual CPU, and CPUs by size (AWS, "Amazon EC2 instance types"); some have their own.
_PER_CPU: Final = MappingProxyType({"c": 2.0, "m": 4.0, "r": 8.0})
_OWN_PER_CPU: Final = MappingProxyType({"c4": 1.875, "c5n": 8 / 3, "r3": 7.625, "r4": 7.625})
_CPUS: Final = MappingProxyType({"medium": 1, "large": 2, "xlarge": 4})
_BURSTING: Final = MappingProxyType({"medium": 4.0, "large": 8.0, "xlarge": 16.0, "2xlarge": 32.0})
_TYPE: Final = re.compile(r"ml\.(?P<name>(?P<family>[a-z])\d[a-z]*)\.(?P<times>\d*)(?P<size>[a-z]+)")


def memory_bytes(instance_type: str) -> int | None:
    """The memory of an instance type; None for families whose sizes follow no rule."""
    found = _TYPE.fullmatch(instance_type)
    if found is None:
        return None
    size = f"{found['times']}{found['size']}"
    if found["family"] == "t":
        gibibytes = _BURSTING.get(size)
    elif found["family"] in _PER_CPU and found["size"] in _CPUS:
        per_cpu = _OWN_PER_CPU.get(found["name"], _PER_CPU[found["family"]])
        gibibytes = per_cpu * _CPUS[found["size"]] * int(found["times"] or 1)
    else:
        gibibytes = None
    return None if gibibytes is None else int(gibibytes * _GIB)


@dataclass(frozen=True)
class Limits:
    """A job's StoppingCondition, and its instance."""

    max_runtime_seconds: int
    instance_type: str
    memory_bytes: int | None
    volume_bytes: int | None

    @classmethod
    def of(cls, params: Record) -> Limits:
        """From a request for a processing or a training job; AWS's default time is one day."""
        instance: Mapping[str, Any] = params.get("ResourceConfig") or params.get("ProcessingResources", {}).get(
            "ClusterConfig", {}
        )
        name, volume = instance.get("InstanceType", ""), instance.get("VolumeSizeInGB")
        return cls(
            params.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _DAY_SECONDS),
            name,
            memory_bytes(name),
            volume * _GIB if volume else None,
        )

    def impose(self, process: subprocess.Popen[bytes]) -> None:
        """Bound the data of each process of a program, and each file it writes. Elsewhere than on Linux: nothing.

        A process counts alone, not the program's all together: that would take rights that a laptop does not give.
        """
        if sys.platform != "linux":
            return
        import resource

        bounds = {resource.RLIMIT_DATA: self.memory_bytes, resource.RLIMIT_FSIZE: self.volume_bytes}
        for kind, most in bounds.items():
            # It may have ended already; a machine may have a lower limit, which then holds.
            with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
                if most is not None:
                    resource.prlimit(process.pid, kind, (most, most))


def used_bytes(folder: Path) -> int:
    """What the files below a folder take up on the disk; files that vanish meanwhile count nothing."""
    total, folders = 0, [str(folder)]
    while folders:
        with contextlib.suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def out_of_memory_kills() -> int:
    """How many processes this machine's kernel has killed for want of memory since it started."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0
