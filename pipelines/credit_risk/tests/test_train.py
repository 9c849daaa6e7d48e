def test_the_model_brings_its_serving_code(trained):
    """The model folder holds the model and, where the scikit-learn container looks for it, the inference code."""
    paths = (path.relative_to(trained.model).as_posix() for path in trained.model.rglob("*") if path.is_file())
    files = {path for path in paths if "__pycache__" not in path}  # a test that has scored leaves its bytecode
    shared = {path for path in files if path.startswith("code/pipelines/serving/")}
    assert files - shared == {"model.joblib", "code/inference.py", "code/contract.json"}
    assert "code/pipelines/serving/__init__.py" in shared


def test_training_is_deterministic(model, trained):
    """The same rows and the same seed give the same model, byte for byte."""
    before = (trained.model / "model.joblib").read_bytes()
    assert model.train(trained.folder)["code"] == 0
    assert (trained.model / "model.joblib").read_bytes() == before


def test_no_applicant_is_judged_by_sex(model, trained):
    """The model gives the same probabilities when everybody's sex is swapped for one."""
    rows = trained.rows("test/test.csv")
    women = model.serve(trained.model, trained.payload(rows, sex="female"))
    men = model.serve(trained.model, trained.payload(rows, sex="male"))
    assert women["status"] == 200
    assert women["body"] == men["body"]


def test_more_money_for_longer_is_a_greater_risk(model, trained):
    """The model learned something sensible: probabilities rise with the duration, other things being equal."""
    row = trained.rows("test/test.csv")[0]
    body = "".join(trained.payload([row], duration=months) for months in ("6", "24", "60"))
    risks = [float(line) for line in model.serve(trained.model, body)["body"].splitlines()]
    assert risks == sorted(risks)
    assert risks[0] < risks[-1]
