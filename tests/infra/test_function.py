from tests.infra.templates import CHECKOUT


def test_the_asset_holds_the_room_with_its_path(local):
    """A function's code is all of ``lambdas/`` and nothing else, so that imports read the same everywhere."""
    (asset,) = [file for file in local.assets("release").values() if file["source"]["packaging"] == "zip"]
    folder = local.folder / asset["source"]["path"]
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    assert found == {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "lambdas").rglob("*.py")}
