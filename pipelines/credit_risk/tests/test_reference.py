import csv
import json

import pytest


def test_the_scored_rows_have_the_labels_that_come_in_later(trained):
    """A held-out applicant's label is the contract's `risk`, 1 where he was good; the score is the one served."""
    held_out = trained.rows("test/test.csv")
    scored = list(csv.DictReader((trained.evaluation / "predictions.csv").read_text().splitlines()))
    assert [row["label"] for row in scored] == [str(1 - int(row["bad"])) for row in held_out]
    assert list(scored[0])[:3] == ["prediction", "label", "sex"]
    assert {name: row[name] for row in scored for name in ("age", "purpose")} == {
        name: row[name] for row in held_out for name in ("age", "purpose")
    }
    good = [float(row["prediction"]) for row in scored if row["label"] == "1"]
    bad = [float(row["prediction"]) for row in scored if row["label"] == "0"]
    assert sum(good) / len(good) < sum(bad) / len(bad)


def test_the_contract_stands_beside_them(model, trained):
    """So that whoever compares later knows the target and the protected columns of this very version."""
    assert (trained.evaluation / "contract.json").read_bytes() == (model.folder / "contract.json").read_bytes()


def test_a_feature_that_the_model_does_not_use_has_no_part_in_its_scores(trained):
    """Sex is carried along and moves no score; the checking account moves it most."""
    told = _label(trained.json("evaluation/explainability/analysis.json"))
    shares = told["global_shap_values"]
    assert shares["sex"] == 0
    assert max(shares, key=shares.get) == "checking_account"
    assert 0.2 < told["expected_value"] < 0.4


def test_a_job_explains_other_rows_from_the_archive_alone(model, trained, image, tmp_path):
    """The program in the archive gives for all held-out rows nearly what Evaluate gave for most of them."""
    program = trained.model / "code" / "pipelines" / "serving" / "attribution.py"
    features = [{k: v for k, v in row.items() if k != "bad"} for row in trained.rows("test/test.csv")]
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, features[0])
        writer.writeheader()
        writer.writerows(features)
    folders = {"model": trained.folder / "packed", "rows": tmp_path / "rows.csv", "output": tmp_path / "explained"}
    folders["background"] = trained.evaluation / "explainability" / "background.csv"
    done = image.run(program, *(word for name, path in folders.items() for word in (f"--{name}", path)))
    assert done["code"] in (0, None), done["err"]
    explained = json.loads((tmp_path / "explained" / "analysis.json").read_text())
    found, told = (_label(each) for each in (explained, trained.json("evaluation/explainability/analysis.json")))
    assert found["expected_value"] == told["expected_value"]
    assert found["global_shap_values"] == pytest.approx(told["global_shap_values"], rel=0.15, abs=0.002)


def _label(document):
    return document["explanations"]["kernel_shap"]["label0"]


def test_rows_that_the_model_does_not_take_are_a_sentence(trained, image, tmp_path):
    """A window with another column ends the job with what the endpoint would have said, and no traceback."""
    program = trained.model / "code" / "pipelines" / "serving" / "attribution.py"
    (tmp_path / "rows.csv").write_text("sex,job\nmale,2\n")
    background = trained.evaluation / "explainability" / "background.csv"
    words = ["--model", trained.folder / "packed", "--rows", tmp_path / "rows.csv", "--output", tmp_path]
    done = image.run(program, *words, "--background", background)
    assert done["code"] == 1
    assert done["err"].startswith("The model does not take the rows: Row 1 has 2 columns; expected 9")
    assert "Traceback" not in done["err"]


@pytest.mark.parametrize("row", [0, 7])
def test_attributions_of_a_row_add_up_to_what_its_score_differs_by(image, row):
    """For a sum of features they are the features' own parts: exactly so, whatever the order they are tried in."""
    found = image.call("tests.pipelines.probes:shapley_of_a_sum", row)
    assert found["attributed"] == pytest.approx(found["exact"], abs=1e-9)


def test_a_job_explains_every_row_that_it_is_given(image):
    """Who starts it draws the rows: the program leaves none out, where Evaluate takes a sample."""
    found = image.call("tests.pipelines.probes:explained_rows", 260)
    assert found == {"by default": 200, "all": 260}
