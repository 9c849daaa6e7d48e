# All that is needed beforehand: python3 ≥ 3.11, make, and the package registries.
unexport PYTHONDONTWRITEBYTECODE
# The machine's own certificates, where it has any: a company's proxy signs with one of them.
export UV_SYSTEM_CERTS ?= $(if $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/ssl/cert.pem),true,false)
PYTHON ?= python3
BIN := .venv/bin
ROOMS := cli env infra lambdas local monitor pipelines tests benchmarks

.PHONY: demo test test-clients check synth clean
demo: .venv/.image          ## the whole loop on this machine, on real data
	@$(BIN)/python -m cli.demo

test: .venv/.dev .venv/.image ## the test suite
	@$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder -m "not clients and not sdk"

test-clients: .venv/.dev .venv/.image ## heavy tests, and those with AWS's own clients, each installed into .cache
	@$(BIN)/sluice compile --check && $(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder -m "clients or sdk"

check: .venv/.dev           ## lint, formatting, types
	@$(BIN)/ruff check $(ROOMS) && $(BIN)/ruff format --check -q $(ROOMS) && $(BIN)/mypy

synth: .venv/.runtime       ## the templates of every stage, into cdk.out/<stage>
	@for stage in local dev staging prod; do $(BIN)/python -m infra --stage $$stage --output cdk.out/$$stage && echo cdk.out/$$stage || exit; done

clean:
	rm -rf .venv .cache cdk.out .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/bin/uv:
	@echo "setting up .venv (once; about 1 GB)"
	@$(PYTHON) -m venv .venv && $(BIN)/python -m pip install -q --disable-pip-version-check uv==0.13.8

.venv/.runtime: .venv/bin/uv uv.lock
	@$(BIN)/uv sync -q --frozen --inexact --no-default-groups && touch $@

# The interpreter that stands in for the image of the jobs and endpoints; the local cloud would make it on first use.
.venv/.image: .venv/.runtime
	@$(BIN)/python -m local.images && touch $@

.venv/.dev: .venv/bin/uv uv.lock
	@$(BIN)/uv sync -q --frozen --inexact && touch $@ .venv/.runtime
