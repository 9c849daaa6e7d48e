import os
import subprocess
from pathlib import Path

import pytest

from local.sagemaker.containers.container import Container, Program
from local.sagemaker.containers.isolation import Namespace, Rewriting, isolation

WRITE = """
import pathlib, sys
pathlib.Path(sys.argv[1]).write_text("/opt/ml is " + str(pathlib.Path("/opt/ml/note").exists()))
"""


@pytest.fixture(params=["layered", "furnished", "rewriting"])
def way(request):
    """Each way to /opt/ml that this machine allows."""
    if request.param == "rewriting":
        return Rewriting()
    if not isinstance(isolation(), Namespace):
        pytest.skip("this machine has no unprivileged mount namespaces")
    return Namespace(layered=request.param == "layered")


@pytest.fixture
def container(tmp_path):
    """A container with a script and a note."""
    container = Container(tmp_path / "c")
    (container.ml / "write.py").write_text(WRITE)
    (container.ml / "note").touch()
    return container


def run(way, container, *command):
    """The exit code and the output of a command of the inside."""
    inside = Path(__file__).parents[3] / "local" / "sagemaker" / "inside"
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(inside)}
    launch = way.launch(container, Program(command, env))
    done = subprocess.run(launch.argv, env=launch.env, cwd=launch.cwd, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_program_reads_and_writes_its_own_opt_ml(way, container):
    """In arguments and in code, the path leads to the container's folder and to nowhere else."""
    before = Path("/opt/ml").exists()
    assert run(way, container, "python3", "/opt/ml/write.py", "/opt/ml/result") == (0, "")
    assert (container.ml / "result").read_text().endswith("is True")
    assert Path("/opt/ml").exists() is before


def test_the_program_starts_in_opt_ml(way, container):
    """Relative paths are those of /opt/ml."""
    assert run(way, container, "cat", "write.py")[1].strip() == (container.ml / "write.py").read_text().strip()


@pytest.mark.parametrize("layered", [True, False])
def test_what_else_opt_holds_stays_in_sight(container, layered):
    """A namespace hides nothing of /opt but /opt/ml, with and without what newer kernels allow."""
    if not isinstance(isolation(), Namespace):
        pytest.skip("this machine has no unprivileged mount namespaces")
    here = {entry.name for entry in Path("/opt").iterdir()}
    _, listed = run(Namespace(layered=layered), container, "ls", "-A", "/opt")
    assert set(listed.split()) == here | {"ml"}


def test_a_folder_whose_name_a_mount_cannot_tell_is_seen_all_the_same(tmp_path):
    """A colon separates the layers that a mount is given."""
    if not isinstance(isolation(), Namespace):
        pytest.skip("this machine has no unprivileged mount namespaces")
    container = Container(tmp_path / "a:b,c")
    (container.ml / "note").touch()
    assert run(Namespace(), container, "ls", "/opt/ml") == (0, "note\n")


def test_rewriting_reaches_into_archives(container, tmp_path):
    """Code that arrives packed is rewritten as well."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "write.py").write_text(WRITE)
    subprocess.run(["tar", "czf", container.ml / "sourcedir.tar.gz", "-C", code, "."], check=True)
    run(Rewriting(), container, "tar", "xzf", "/opt/ml/sourcedir.tar.gz", "-C", "/opt/ml/", "./write.py")
    assert run(Rewriting(), container, "python3", "/opt/ml/write.py", "/opt/ml/result")[0] == 0


def test_what_does_not_name_the_folder_stays_as_it_is(container, tmp_path):
    """A model's archive has the hash that it is registered with; one that cannot be read is left to who reads it."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "weights.json").write_text("{}")
    subprocess.run(["tar", "czf", container.ml / "model.tar.gz", "-C", model, "."], check=True)
    (container.ml / "half.tar.gz").write_bytes(b"\x1f\x8b half")
    names = ("model.tar.gz", "half.tar.gz")
    before = [(container.ml / name).read_bytes() for name in names]
    run(Rewriting(), container, "true")
    assert [(container.ml / name).read_bytes() for name in names] == before


def test_where_rewriting_misses_a_path_the_guard_stops_it(container):
    """A path put together at run time is refused and not written."""
    (container.ml / "sly.py").write_text('open("/opt" + "/ml/escaped", "w")')
    code, said = run(Rewriting(), container, "python3", "/opt/ml/sly.py")
    assert code == 1
    assert "PermissionError: /opt/ml/escaped" in said
    assert not Path("/opt/ml/escaped").exists()


def test_a_path_that_leaves_opt_ml_is_none_of_the_containers(container):
    """Neither another root nor a step upwards."""
    for path in ("/etc/passwd", "/opt/ml/../../etc/passwd"):
        with pytest.raises(ValueError, match=r"/opt/ml|passwd"):
            container.outside(path)


def test_jobs_and_servers_run_by_rewriting_too(make_world):
    """The fallback carries a training job and an endpoint, in parallel with others."""
    world = make_world(isolated_by=Rewriting())
    job = world.run_training("job", 'open("/opt/ml/model/weights", "w").write("w")')
    assert job["TrainingJobStatus"] == "Completed"
    assert world.unpacked("models/job/output/model.tar.gz") == {"weights": b"w"}
    assert world.endpoint()["EndpointStatus"] == "InService"
    assert world.invoke("you") == "hello you"


def test_a_text_of_any_size_costs_little_to_read(container):
    """What a program leaves as its message may be as large as the disk."""
    with (container.ml / "message").open("wb") as file:
        file.write(b"first")
        file.truncate(2**26)
    text = container.read_text("/opt/ml/message")
    assert text.startswith("first")
    assert len(text) <= 2**20
