# All that is needed beforehand: python3 ≥ 3.11, make, and the package registries.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
BIN := .venv/bin
ROOMS := cli env infra lambdas local pipelines tests

.PHONY: demo test test-clients check format synth compile golden clean

demo: .venv/.runtime        ## the whole loop on this machine, on real data
	@$(BIN)/python -m cli.demo

test: .venv/.dev            ## the test suite
	@$(BIN)/pytest -q -m "not clients and not sdk"

test-clients: .venv/.dev    ## tests that need the SageMaker SDK or the CDK's own command, installed into .cache
	@$(BIN)/pytest -q -m "clients or sdk"

check: .venv/.dev           ## lint, formatting, types
	@$(BIN)/ruff check $(ROOMS) && $(BIN)/ruff format --check -q $(ROOMS) && $(BIN)/mypy

format: .venv/.dev
	@$(BIN)/ruff check --fix -q $(ROOMS); $(BIN)/ruff format $(ROOMS)

synth: .venv/.runtime       ## the templates of every stage, into cdk.out/<stage>
	@for stage in local dev staging prod; do $(BIN)/python -m infra --stage $$stage --output cdk.out/$$stage || exit; done

clean:
	rm -rf .venv .cache cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/uv:
	@$(PYTHON) -m venv .venv && $(BIN)/python -m pip install -q uv==0.13.8

.venv/.runtime: .venv/bin/uv uv.lock
	@$(BIN)/uv sync -q --frozen --inexact --no-default-groups && touch $@

.venv/.dev: .venv/bin/uv uv.lock
	@$(BIN)/uv sync -q --frozen --inexact && touch $@ .venv/.runtime
