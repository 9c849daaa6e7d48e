def test_the_lock_holds_the_authors_files(model):
    """The files in the lock are those of the folder and those that models share: nobody forgot to compile."""
    shared = [path for name in ("evidence", "serving") for path in (model.folder.parent / name).glob("*.py")]
    own = [*(model.folder / "steps").glob("*.py"), model.folder / "inference.py", model.folder / "contract.json"]
    for source in (*own, *shared):
        found = (path.read_bytes() for path in (model.folder / "lock" / "assets").rglob(source.name))
        assert source.read_bytes() in found, source


def test_a_regression_is_judged_by_regression_metrics(model):
    """The gate reads Model Monitor's regression metrics, and the package shows those that are judged."""
    gate = model.definition["Steps"][-1]["Arguments"]
    paths = [condition["LeftValue"]["Std:JsonGet"]["Path"] for condition in gate["Conditions"]]
    assert paths == [f"regression_metrics.{name}.value" for name in ("rmse", "mae", "r2")]
    properties = gate["IfSteps"][-1]["Arguments"]["CustomerMetadataProperties"]
    assert {"sluice:rmse", "sluice:mae", "sluice:r2"} <= properties.keys()


def test_a_model_that_protects_nobody_has_no_baseline_of_bias(model):
    """Its contract names no attribute by which groups could be told apart."""
    register = model.definition["Steps"][-1]["Arguments"]["IfSteps"][-1]["Arguments"]
    assert register["DriftCheckBaselines"].keys() == {"ModelDataQuality", "ModelQuality", "Explainability"}
