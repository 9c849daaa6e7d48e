def test_the_model_brings_its_serving_code(trained):
    """The model folder holds the model and, where the scikit-learn container looks for it, the inference code."""
    paths = (path.relative_to(trained.model).as_posix() for path in trained.model.rglob("*") if path.is_file())
    files = {path for path in paths if "__pycache__" not in path}  # a test that has scored leaves its bytecode
    assert files == {"model.joblib", "code/inference.py"}


def test_training_is_deterministic(trained, train):
    """The same rows and the same seed give the same model, byte for byte."""
    before = (trained.model / "model.joblib").read_bytes()
    assert train(trained.folder)["code"] == 0
    assert (trained.model / "model.joblib").read_bytes() == before


def test_no_applicant_is_judged_by_sex(image, trained):
    """The model gives the same probabilities when everybody's sex is swapped for one."""
    rows = trained.rows("test/test.csv")
    women = image.serve(trained.model, trained.payload(rows, sex="female"))
    men = image.serve(trained.model, trained.payload(rows, sex="male"))
    assert women["status"] == 200
    assert women["body"] == men["body"]


def test_more_money_for_longer_is_a_greater_risk(image, trained):
    """The model learned something sensible: probabilities rise with the duration, other things being equal."""
    row = trained.rows("test/test.csv")[0]
    body = "".join(trained.payload([row], duration=months) for months in ("6", "24", "60"))
    risks = [float(line) for line in image.serve(trained.model, body)["body"].splitlines()]
    assert risks == sorted(risks)
    assert risks[0] < risks[-1]
