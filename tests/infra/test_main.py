import json

import pytest

from infra.__main__ import main


def test_the_stage_is_an_option_or_the_cdks_context(tmp_path, monkeypatch):
    """`python -m infra --stage local` and `cdk deploy -c stage=local` synthesize the same stage."""
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"stage": "local"}))
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "cdk"))

    assert main([]) == 0
    assert main(["--stage", "local", "--output", str(tmp_path / "option")]) == 0
    names = [sorted(path.name for path in (tmp_path / way).glob("*.template.json")) for way in ("cdk", "option")]
    assert names[0] == names[1]
    assert len(names[0]) == 5


def test_an_unknown_stage_is_wrong_use(capsys):
    """A stage that does not exist is told in one sentence, with exit code 2."""
    assert main(["--stage", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith("env/nowhere.toml: stage 'nowhere' does not exist")


def test_no_stage_is_wrong_use(capsys, monkeypatch):
    """Without a stage there is nothing to synthesize."""
    monkeypatch.delenv("CDK_CONTEXT_JSON", raising=False)

    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
